//! Helm charts inside images: `Chart.yaml` as a source of fields.

use std::collections::BTreeMap;

use hub_model::{Detail, Field, Source, Value};
use serde_json::Value as Json;

use crate::level::offer;
use crate::sealos::parse_yaml;
use crate::values::{from_json, scalar};

/// Reads a `Chart.yaml`; `None` when it is none.
pub(crate) fn parse_chart(text: &str) -> Option<Json> {
    parse_yaml(text).ok().filter(|json| json.get("name").is_some_and(Json::is_string))
}

/// What the list of contained charts says about a chart.
pub(crate) fn summary(chart: &Json) -> BTreeMap<String, String> {
    ["name", "version", "appVersion"]
        .into_iter()
        .filter_map(|key| Some((key.to_owned(), chart.get(key).and_then(scalar)?)))
        .collect()
}

/// Fields that a chart gives its image. `source` makes the source for a key of the chart.
pub(crate) fn fields(
    chart: &Json,
    source: &dyn Fn(&str) -> Source,
    notes: &mut Vec<String>,
) -> Detail {
    let mut detail = Detail::default();
    let annotation = |key: &str| chart.get("annotations").and_then(|all| all.get(key));
    let first = |key: &str| chart.get(key).and_then(|list| list.get(0));
    let title = annotation("artifacthub.io/displayName").or(chart.get("name"));
    let said: [(Field, &str, Option<&Json>); 10] = [
        (Field::Title, "name", title),
        (Field::Description, "description", chart.get("description")),
        (Field::Keywords, "keywords", chart.get("keywords")),
        (Field::Categories, "annotations", annotation("artifacthub.io/category")),
        (Field::Icon, "icon", chart.get("icon")),
        (Field::Url, "home", chart.get("home")),
        (Field::Source, "sources", first("sources")),
        (Field::AppVersion, "appVersion", chart.get("appVersion")),
        (Field::Licenses, "annotations", annotation("artifacthub.io/license")),
        (Field::Deprecated, "deprecated", chart.get("deprecated")),
    ];
    for (field, key, json) in said {
        if let Some(value) = json.and_then(from_json) {
            offer(&mut detail, field, value, source(key), notes);
        }
    }
    if let Some(Json::Array(people)) = chart.get("maintainers")
        && let Some(value @ Value::Objects(_)) = from_json(&Json::Array(people.clone()))
    {
        offer(&mut detail, Field::Maintainers, value, source("maintainers"), notes);
    }
    detail
}
