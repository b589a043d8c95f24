//! Values of fields: forms, caps, and what is wrong with the ones that break them.

use hub_model::{Field, Value};

/// Why a value does not fit its field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` {rule}")]
pub struct FieldError {
    /// The field.
    pub field: Field,
    /// The broken rule.
    pub rule: String,
}

/// Checks a value said by a person and brings it into its form.
///
/// # Errors
///
/// The rule of the field that the value breaks.
pub fn check_field(_field: Field, _value: Value) -> Result<Value, FieldError> {
    todo!()
}
