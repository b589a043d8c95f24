//! Robots of organisations.

use hub_api::{CreateRobot, CreatedRobot, EditRobot, RobotView};
use hub_model::{OrgName, RobotName};

use crate::{ApiError, Client};

impl Client {
    /// The robots of an organisation, by name.
    ///
    /// # Errors
    ///
    /// A problem `forbidden` unless the caller owns it.
    pub async fn robots(&self, org: &OrgName) -> Result<Vec<RobotView>, ApiError> {
        self.get(&["orgs", org.as_str(), "robots"]).read().await
    }

    /// One robot.
    ///
    /// # Errors
    ///
    /// A problem `not_found`.
    pub async fn robot(&self, name: &RobotName) -> Result<RobotView, ApiError> {
        self.get(&["orgs", name.org().as_str(), "robots", name.short()]).read().await
    }

    /// Makes a robot.
    ///
    /// # Errors
    ///
    /// A problem `conflict` when the name is taken.
    pub async fn create_robot(
        &self,
        org: &OrgName,
        robot: &CreateRobot,
    ) -> Result<CreatedRobot, ApiError> {
        self.post(&["orgs", org.as_str(), "robots"], robot).read().await
    }

    /// Changes a robot.
    ///
    /// # Errors
    ///
    /// A problem `invalid` that names the field.
    pub async fn edit_robot(
        &self,
        name: &RobotName,
        edit: &EditRobot,
    ) -> Result<RobotView, ApiError> {
        self.patch(&["orgs", name.org().as_str(), "robots", name.short()], edit).read().await
    }

    /// Gives a robot another secret; the old one has ended.
    ///
    /// # Errors
    ///
    /// A problem `not_found`.
    pub async fn rotate_robot(&self, name: &RobotName) -> Result<CreatedRobot, ApiError> {
        let org = name.org();
        self.post(&["orgs", org.as_str(), "robots", name.short(), "rotate"], &()).read().await
    }

    /// Deletes a robot.
    ///
    /// # Errors
    ///
    /// A problem `not_found`.
    pub async fn delete_robot(&self, name: &RobotName) -> Result<(), ApiError> {
        self.delete(&["orgs", name.org().as_str(), "robots", name.short()]).done().await
    }
}
