//! The data sets of the suite: manifests of every kind, and the blobs they name.

use hub_tests::digest;
use serde_json::{Value, json};

use super::noise;

pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const EMPTY: &str = "application/vnd.oci.empty.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
const GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// A manifest of a set.
pub struct Item {
    pub media_type: String,
    pub bytes: Vec<u8>,
    pub digest: String,
    pub subject: Option<String>,
    /// How it is listed where it refers to another.
    pub listed: Value,
}

/// What is pushed together, children first.
pub struct Set {
    pub algorithm: &'static str,
    pub blobs: Vec<Vec<u8>>,
    pub items: Vec<Item>,
    /// Tags, and which item each names.
    pub tags: Vec<(String, usize)>,
}

impl Set {
    pub const fn new(algorithm: &'static str) -> Self {
        Self { algorithm, blobs: Vec::new(), items: Vec::new(), tags: Vec::new() }
    }

    /// The descriptor of a blob, which is pushed.
    pub fn blob(&mut self, media_type: &str, bytes: Vec<u8>) -> Value {
        let descriptor = self.absent(media_type, &bytes);
        if !self.blobs.contains(&bytes) {
            self.blobs.push(bytes);
        }
        descriptor
    }

    /// The descriptor of a blob that nobody pushes.
    pub fn absent(&self, media_type: &str, bytes: &[u8]) -> Value {
        let digest = digest(self.algorithm, bytes);
        json!({"mediaType": media_type, "digest": digest, "size": bytes.len()})
    }

    fn empty(&mut self) -> Value {
        self.blob(EMPTY, b"{}".to_vec())
    }

    fn config(&mut self, architecture: &str) -> Value {
        let author = hex::encode(noise(8));
        let config = json!({
            "architecture": architecture, "os": "linux", "author": author,
            "rootfs": {"type": "layers", "diff_ids": []},
        });
        self.blob(CONFIG, config.to_string().into_bytes())
    }

    /// Adds a manifest and answers its descriptor.
    pub fn put(&mut self, json: &Value) -> Value {
        self.put_text(json, json.to_string())
    }

    /// Adds a manifest as exactly this text, which means `json`.
    fn put_text(&mut self, json: &Value, text: String) -> Value {
        let media_type = json["mediaType"].as_str().unwrap().to_owned();
        let mut listed = self.absent(&media_type, text.as_bytes());
        let config = &json["config"]["mediaType"];
        let kind = if json["artifactType"].is_string() { &json["artifactType"] } else { config };
        if kind.is_string() {
            listed["artifactType"] = kind.clone();
        }
        if json["annotations"].is_object() {
            listed["annotations"] = json["annotations"].clone();
        }
        let descriptor = self.absent(&media_type, text.as_bytes());
        self.items.push(Item {
            media_type,
            digest: descriptor["digest"].as_str().unwrap().to_owned(),
            bytes: text.into_bytes(),
            subject: json["subject"]["digest"].as_str().map(str::to_owned),
            listed,
        });
        descriptor
    }

    /// Tags what was added last.
    fn tag(&mut self, tag: &str) {
        self.tags.push((tag.to_owned(), self.items.len() - 1));
    }

    fn image_json(&mut self, layer: &str, architecture: &str) -> Value {
        let layers = [self.blob(layer, noise(512)), self.blob(layer, noise(512))];
        let config = self.config(architecture);
        json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers})
    }

    pub fn image(&mut self, layer: &str, more: &Value) -> Value {
        let json = self.image_json(layer, "amd64");
        self.put(&with(json, more))
    }

    fn artifact(&mut self, kind: &str, more: &Value) -> Value {
        let config = self.empty();
        let layer = self.blob("application/vnd.example+type", noise(512));
        let json = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": kind,
            "config": config, "layers": [layer],
        });
        self.put(&with(json, more))
    }

    fn index(&mut self, children: &[Value], more: &Value) -> Value {
        let json = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": children});
        self.put(&with(json, more))
    }

    fn platforms(&mut self, more: &Value) -> Vec<Value> {
        let architectures = ["amd64", "arm64"];
        let children = architectures.map(|architecture| {
            let json = self.image_json(GZIP, architecture);
            let mut child = self.put(&with(json, more));
            child["platform"] = json!({"os": "linux", "architecture": architecture});
            child
        });
        children.to_vec()
    }
}

/// An object with the fields of another added.
fn with(mut json: Value, more: &Value) -> Value {
    if let Some(more) = more.as_object() {
        json.as_object_mut().unwrap().extend(more.clone());
    }
    json
}

/// Makes the set of this name.
pub fn make(name: &str, algorithm: &'static str) -> Set {
    let mut set = Set::new(algorithm);
    let none = Value::Null;
    match name {
        "image" => drop(set.image(GZIP, &none)),
        "image-uncompressed" => drop(set.image(LAYER, &none)),
        "large-manifest" => {
            let annotations: serde_json::Map<_, _> = (0..390)
                .map(|n| (format!("org.example.{n:03}"), Value::from("x".repeat(10_000))))
                .collect();
            set.image(GZIP, &json!({"annotations": annotations}));
        }
        "index" => {
            let children = set.platforms(&none);
            set.index(&children, &none);
        }
        "nested-index" => {
            let inner = [0, 1].map(|_| {
                let children = [set.image(GZIP, &none), set.image(GZIP, &none)];
                set.index(&children, &none)
            });
            set.index(&inner, &none);
        }
        "empty-index" => drop(set.index(&[], &none)),
        "artifact" => drop(set.artifact("application/vnd.example.one", &none)),
        "artifact-index" => {
            let kinds = ["application/vnd.example.one", "application/vnd.example.two"];
            let children = kinds.map(|kind| set.artifact(kind, &none));
            set.index(&children, &json!({"artifactType": "application/vnd.example.list"}));
        }
        "artifact-without-layers" => {
            let empty = set.empty();
            set.put(&json!({
                "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": "application/vnd.example",
                "config": empty, "layers": [empty],
            }));
        }
        "artifacts-with-subject" => {
            let subject = set.image(GZIP, &none);
            set.tag("subject");
            set.image(GZIP, &json!({"subject": subject}));
            set.tag("image-with-subject");
            for kind in ["application/vnd.example.sbom", "application/vnd.example.signature"] {
                let annotations = json!({"org.example.kind": kind, "org.example.text": "鲸 \"x\""});
                set.artifact(kind, &json!({"subject": subject, "annotations": annotations}));
                set.tag(kind.rsplit('.').next().unwrap());
            }
        }
        "index-with-subject" => {
            let subject = set.image(GZIP, &none);
            let more = json!({"subject": subject, "annotations": {"org.example.a": "b"}});
            let children = set.platforms(&more);
            set.index(&children, &more);
        }
        "missing-subject" => {
            let subject = set.absent(MANIFEST, &noise(300));
            set.artifact("application/vnd.example.sbom", &json!({"subject": subject}));
        }
        other => special(&mut set, other),
    }
    if set.tags.is_empty() {
        set.tag(name);
    }
    set
}

/// The sets that are about fields and about what is not pushed.
fn special(set: &mut Set, name: &str) {
    let none = Value::Null;
    match name {
        "data-field" => {
            let mut config = set.empty();
            config["data"] = json!("e30=");
            let mut layer = set.blob("text/plain", b"hello".to_vec());
            layer["data"] = json!("aGVsbG8=");
            set.put(&json!({
                "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": "application/vnd.example",
                "config": config, "layers": [layer],
            }));
        }
        "non-distributable-layers" => {
            let config = set.config("amd64");
            let layers = ["", "+gzip"].map(|packed| {
                let kind =
                    format!("application/vnd.oci.image.layer.nondistributable.v1.tar{packed}");
                let mut layer = set.absent(&kind, &noise(512));
                layer["urls"] = json!(["https://example.com/layer"]);
                layer
            });
            set.put(&json!({
                "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers,
            }));
        }
        "custom-fields" => {
            let custom =
                json!({"org.example.custom": {"b": [1, 2.50, null], "a": "ü"}, "zzz": true});
            let config = with(json!({"architecture": "amd64", "os": "linux"}), &custom);
            let config = set.blob(CONFIG, config.to_string().into_bytes());
            let image = json!({
                "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [],
            });
            // Neither the order of fields nor the space between them may change.
            let image = with(image, &custom);
            let child = set.put_text(&image, format!("{image:#}\n"));
            let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [child]});
            let index = with(index, &custom);
            set.put_text(&index, format!(" {index:#}\n\n"));
        }
        "no-layers" => {
            let config = set.config("amd64");
            set.put(&json!({
                "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [],
            }));
        }
        "sparse-image" => {
            let config = set.config("amd64");
            let layers = [set.blob(GZIP, noise(512)), set.absent(GZIP, &noise(512))];
            set.put(&json!({
                "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers,
            }));
        }
        "sparse-index" => {
            let children = [set.image(GZIP, &none), set.absent(MANIFEST, &noise(400))];
            set.index(&children, &none);
        }
        other => panic!("there is no set {other}"),
    }
}
