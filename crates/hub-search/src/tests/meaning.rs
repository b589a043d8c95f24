//! Typos, other names, concepts: what was meant.

use super::*;

fn shelf() -> Index {
    let docs = vec![
        doc("library/nginx", "Official build"),
        doc("library/postgres", "Object-relational data"),
        doc("bitnami/postgresql-ha", "Several of them"),
        doc("bitnami/rabbitmq", "Open source"),
        doc("team/kubernetes-dashboard", "Web UI"),
        doc("team/influxdb2", "Points in time"),
        SearchDoc { visibility: Visibility::Private, ..doc("secret/zanzibar", "Hidden thing") },
    ];
    let index = Index::in_memory().unwrap();
    put(&index, docs, 1);
    index
}

const NAMES: &[&str] = &[
    "library/nginx",
    "library/postgres",
    "bitnami/postgresql-ha",
    "bitnami/rabbitmq",
    "team/kubernetes-dashboard",
    "team/influxdb2",
    "secret/zanzibar",
];

fn found(text: &str) -> Vec<String> {
    ask(&shelf(), &query(text), NAMES)
}

#[test]
fn a_slip_is_forgiven_and_said() {
    for (typed, read, first) in [
        ("ngnix", "nginx", "library/nginx"),
        ("rabitmq", "rabbitmq", "bitnami/rabbitmq"),
        ("kuberntes dashboard", "kubernetes dashboard", "team/kubernetes-dashboard"),
        ("postgers", "postgres", "library/postgres"),
    ] {
        let hits = shelf().search(&query(typed)).unwrap();
        assert_eq!(hits.corrected.as_deref(), Some(read), "{typed}");
        assert_eq!(found(typed)[0], first, "{typed}");
    }
}

#[test]
fn what_is_known_is_left_alone_and_corrections_can_be_switched_off() {
    let index = shelf();
    for typed in ["nginx", "ngin", "official", "go", "ng1nx", "数据库"] {
        assert_eq!(index.search(&query(typed)).unwrap().corrected, None, "{typed}");
    }
    let literally = SearchQuery { correct: false, ..query("ngnix") };
    assert_eq!(index.search(&literally).unwrap().total, 0);
}

#[test]
fn nobody_is_corrected_towards_a_name_that_they_may_not_see() {
    let index = shelf();
    let stranger = index.search(&query("zanzibra")).unwrap();
    assert_eq!((stranger.corrected, stranger.total), (None, 0));
    let member = index.search(&member_of("secret", query("zanzibra"))).unwrap();
    assert_eq!((member.corrected.as_deref(), member.total), (Some("zanzibar"), 1));
}

#[test]
fn a_private_name_does_not_keep_a_slip_from_being_forgiven() {
    let index = Index::in_memory().unwrap();
    let hidden = SearchDoc { visibility: Visibility::Private, ..doc("secret/ngnix", "") };
    put(&index, vec![doc("library/nginx", ""), hidden], 1);
    assert_eq!(ask(&index, &query("ngnix"), &["library/nginx"]), ["library/nginx"]);
}

#[test]
fn one_program_has_several_names() {
    assert_eq!(found("postgresql")[..2], ["library/postgres", "bitnami/postgresql-ha"]);
    assert_eq!(found("pgsql").len(), 2);
    assert_eq!(found("k8s dashboard")[0], "team/kubernetes-dashboard");
    assert_eq!(found("influxdb"), ["team/influxdb2"], "a number behind a name");
}

#[test]
fn a_topic_finds_software_that_says_nothing_of_it_in_both_languages() {
    for text in ["message broker", "message queues", "消息队列", "消息隊列", "queue"] {
        assert_eq!(found(text)[0], "bitnami/rabbitmq", "{text}");
    }
    assert_eq!(found("时序数据库")[0], "team/influxdb2");
    assert_eq!(found("反向代理")[0], "library/nginx");
}

#[test]
fn accents_and_full_width_letters_do_not_matter() {
    assert_eq!(found("ＮＧＩＮＸ"), ["library/nginx"]);
    assert_eq!(found("nginx́"), ["library/nginx"]);
}

#[test]
fn results_say_why_they_are_there() {
    let explained = SearchQuery { explain: true, ..query("ngnix") };
    let hits = shelf().search(&explained).unwrap();
    let why = hits.hits[0].why.as_ref().unwrap();
    assert_eq!(why.matched, (1, 1));
    assert!((why.coordination - 1.0).abs() < 1e-6 && (why.prior - 1.0).abs() < 1e-6);
    let named = |part: &hub_model::WhyPart| (part.field, part.by) == ("name", "correction");
    assert!(why.parts.iter().any(named), "{:?}", why.parts);
    assert!(shelf().search(&query("nginx")).unwrap().hits[0].why.is_none());
}
