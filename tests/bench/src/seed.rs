//! What reads find: the same images in every server.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use anyhow::Result;

use crate::acts::{Act, Sending, push_blob, push_image};
use crate::client::Connection;
use crate::content::{Blob, Image, MIB, Maker, each_piece};
use crate::peers::{Peer, Served};
use crate::scenarios::Kind;

/// The repository that everything is pulled from and pushed to.
pub(crate) const REPO: &str = "admin/bench";

/// The repository that blobs are mounted from.
const FROM: &str = "admin/from";

/// Layers of the image whose manifest is asked for: an ordinary number.
const LAYERS: usize = 8;

/// The tag of that image.
const TAG: &str = "v1";

/// Blobs that are mounted.
const MOUNTED: usize = 500;

/// A layer that many push at once, in bytes.
const SHARED_LAYER: u64 = 10 * MIB;

/// What a scenario needs, made once and given to every server.
#[derive(Debug, Default)]
pub(crate) struct Seeds {
    images: BTreeMap<String, Image>,
    makers: BTreeMap<u64, Maker>,
    mounted: Vec<Blob>,
}

impl Seeds {
    /// What a scenario of that kind needs.
    pub(crate) fn of(kind: Kind) -> Self {
        let mut seeds = Self::default();
        match kind {
            Kind::Manifest { .. } | Kind::Token => {
                let maker = Maker::new(1024);
                let layers = (0..LAYERS).map(|_| maker.make()).collect();
                seeds.images.insert(TAG.to_owned(), Image::of(layers));
            }
            Kind::GetBlob(size) => seeds.add_image(size),
            Kind::PutBlob(size, _) | Kind::Parallel(size) => seeds.add_maker(size),
            Kind::PullAndPush(size) => {
                seeds.add_image(size);
                seeds.add_maker(size);
            }
            Kind::SameLayer => seeds.add_maker(SHARED_LAYER),
            Kind::Mount => {
                let maker = Maker::new(1024);
                seeds.mounted = (0..MOUNTED).map(|_| maker.make()).collect();
            }
            Kind::PushImage(sizes, _) => sizes.iter().for_each(|size| seeds.add_maker(*size)),
            Kind::PullImage(sizes) => sizes.iter().for_each(|size| seeds.add_image(*size)),
            Kind::Tags(_) | Kind::Catalog(_) | Kind::Start | Kind::Hashing(_) => {}
        }
        seeds
    }

    fn add_image(&mut self, size: u64) {
        let tag = tag_of(size);
        self.images.entry(tag).or_insert_with(|| Image::of(vec![Maker::new(size).make()]));
    }

    fn add_maker(&mut self, size: u64) {
        self.makers.entry(size).or_insert_with(|| Maker::new(size));
    }

    /// Puts everything into a server.
    pub(crate) async fn plant(&self, served: &Served) -> Result<()> {
        if served.peer == Peer::Nginx {
            return self.write(&served.folder);
        }
        let scopes = [scope(REPO, "pull,push"), scope(FROM, "pull,push")];
        let target = served.target(&scopes).await?;
        let mut connection = Connection::new(target.address, target.authorization.clone());
        for (tag, image) in &self.images {
            push_image(&mut connection, REPO, tag, image, Sending::Monolith).await?;
        }
        for blob in &self.mounted {
            push_blob(&mut connection, FROM, blob, Sending::Monolith).await?;
        }
        if !self.mounted.is_empty() {
            // A repository begins with its first manifest.
            let image = Image::of(vec![self.mounted[0].clone()]);
            push_image(&mut connection, FROM, TAG, &image, Sending::Monolith).await?;
        }
        Ok(())
    }

    /// Writes the answers to `GET` as files.
    fn write(&self, root: &Path) -> Result<()> {
        let repo = root.join("v2").join(REPO);
        let (manifests, blobs) = (repo.join("manifests"), repo.join("blobs"));
        fs::create_dir_all(&manifests)?;
        fs::create_dir_all(&blobs)?;
        for (tag, image) in &self.images {
            write(&manifests.join(tag), &image.manifest)?;
            write(&manifests.join(&image.manifest.digest), &image.manifest)?;
            for blob in image.layers.iter().chain([&image.config]) {
                write(&blobs.join(&blob.digest), blob)?;
            }
        }
        Ok(())
    }

    /// What is done in a round, and the scopes that it takes.
    pub(crate) fn act(&self, kind: Kind, round: usize) -> (Act, Vec<String>) {
        let repo = || REPO.to_owned();
        let push = vec![scope(REPO, "pull,push")];
        let pull = vec![scope(REPO, "pull")];
        match kind {
            Kind::Manifest { head, by_digest } => {
                let manifest = &self.images[TAG].manifest;
                let reference = if by_digest { &manifest.digest } else { TAG };
                let path = format!("/v2/{REPO}/manifests/{reference}");
                (read(head, path, manifest), pull)
            }
            Kind::GetBlob(size) => {
                let layer = &self.images[&tag_of(size)].layers[0];
                (read(false, format!("/v2/{REPO}/blobs/{}", layer.digest), layer), pull)
            }
            Kind::PutBlob(size, sending) => {
                (Act::PushBlob { repo: repo(), maker: self.makers[&size].clone(), sending }, push)
            }
            Kind::Parallel(size) => {
                let maker = self.makers[&size].clone();
                (Act::PushBlob { repo: repo(), maker, sending: Sending::Streamed }, push)
            }
            Kind::SameLayer => {
                let blob = self.makers[&SHARED_LAYER].make();
                (Act::PushSame { repo: repo(), blob }, push)
            }
            Kind::Mount => {
                let to = format!("admin/to{round}");
                let scopes = vec![scope(FROM, "pull"), scope(&to, "pull,push")];
                let digests = self.mounted.iter().map(|blob| blob.digest.clone()).collect();
                (Act::Mount { repo: to, from: FROM.to_owned(), digests }, scopes)
            }
            Kind::PushImage(sizes, sending) => {
                let acts = sizes.iter().map(|size| self.push(*size, sending)).collect();
                (Act::Mixed(acts), push)
            }
            Kind::PullImage(sizes) => {
                (Act::Mixed(sizes.iter().map(|size| self.pull(*size)).collect()), pull)
            }
            Kind::PullAndPush(size) => {
                let mut acts: Vec<_> = (0..3).map(|_| self.pull(size)).collect();
                acts.push(self.push(size, Sending::Monolith));
                (Act::Mixed(acts), push)
            }
            Kind::Token | Kind::Tags(_) | Kind::Catalog(_) | Kind::Start | Kind::Hashing(_) => {
                unreachable!("{kind:?} needs no seeds")
            }
        }
    }

    fn push(&self, size: u64, sending: Sending) -> Act {
        Act::PushImage { repo: REPO.to_owned(), maker: self.makers[&size].clone(), sending }
    }

    fn pull(&self, size: u64) -> Act {
        let tag = tag_of(size);
        let image = self.images[&tag].clone();
        Act::PullImage { repo: REPO.to_owned(), tag, image }
    }
}

fn tag_of(size: u64) -> String {
    format!("{}MB", size / MIB)
}

/// A scope of the token flow.
pub(crate) fn scope(repo: &str, actions: &str) -> String {
    format!("repository:{repo}:{actions}")
}

fn read(head: bool, path: String, blob: &Blob) -> Act {
    let method = if head { hyper::Method::HEAD } else { hyper::Method::GET };
    Act::Read { method, paths: vec![path], expect: Some((blob.size, blob.digest.clone())) }
}

fn write(path: &Path, blob: &Blob) -> Result<()> {
    let mut file = File::create(path)?;
    let mut written = Ok(());
    each_piece(&blob.payload(), |piece| {
        if written.is_ok() {
            written = file.write_all(piece);
        }
    });
    Ok(written?)
}
