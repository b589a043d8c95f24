//! Users through the API: what administrators do with them, and what is left afterwards.

use hub_tests::{PASSWORD, Person, TestHub, readme_image};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

#[tokio::test]
async fn administrators_make_find_change_and_delete_users_and_nobody_else_does() {
    let hub = TestHub::start().await;
    let boss = hub.administrator("boss").await;
    let bob = hub.person("bob").await;

    let wish = json!({"name": "ana", "password": PASSWORD});
    let (status, ana) = boss.send(Method::POST, "/api/v1/users", &wish).await;
    assert_eq!((status, &ana["admin"]), (StatusCode::CREATED, &json!(false)));
    let (status, taken) = boss.send(Method::POST, "/api/v1/users", &wish).await;
    assert_eq!(
        (status, &taken["detail"]),
        (StatusCode::CONFLICT, &json!("the name `ana` is taken"))
    );

    let names = async |query: &str| -> Vec<String> {
        let page = boss.json(&format!("/api/v1/users{query}")).await;
        let items = page["items"].as_array().unwrap().iter();
        items.map(|user| user["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("").await, ["ana", "bob", "boss"]);
    assert_eq!(names("?q=bo&limit=1").await, ["bob"]);
    assert_eq!(names("?q=bo&limit=1&after=bob").await, ["boss"]);
    assert_eq!(names("?state=admin").await, ["boss"]);
    assert_eq!(boss.get("/api/v1/users?state=odd").await.status(), StatusCode::BAD_REQUEST);

    let shown = boss.json("/api/v1/users/ana").await;
    assert_eq!(shown["orgs"], json!([{"name": "ana", "role": "owner"}]));
    assert_eq!(boss.get("/api/v1/users/nobody").await.status(), StatusCode::NOT_FOUND);

    let everything = [
        (Method::GET, "/api/v1/users", Value::Null),
        (Method::POST, "/api/v1/users", json!({"name": "eve", "password": PASSWORD})),
        (Method::GET, "/api/v1/users/ana", Value::Null),
        (Method::PATCH, "/api/v1/users/ana", json!({"admin": true})),
        (Method::PUT, "/api/v1/users/ana/password", json!({"password": "evil password"})),
        (Method::DELETE, "/api/v1/users/ana", Value::Null),
    ];
    for (method, path, body) in everything {
        let (status, _) = bob.send(method.clone(), path, &body).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{method} {path}");
        let (status, _) = hub.nobody().send(method.clone(), path, &body).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{method} {path}");
    }

    let (status, gone) = boss.send(Method::DELETE, "/api/v1/users/ana", &Value::Null).await;
    assert_eq!((status, gone), (StatusCode::OK, json!({"name": "ana", "orgs": ["ana"]})));
    assert_eq!(names("").await, ["bob", "boss"]);
    assert_eq!(names("?state=deleted").await, ["ana"]);
    let (status, _) = boss.send(Method::POST, "/api/v1/users", &wish).await;
    assert_eq!(status, StatusCode::CONFLICT, "the name stays taken");
    hub.stop().await;
}

#[tokio::test]
async fn a_user_who_owns_repositories_alone_is_not_deleted() {
    let hub = TestHub::start().await;
    let boss = hub.administrator("boss").await;
    let ana = hub.person("ana").await;
    ana.push_image("ana/x:v1", &readme_image("# x")).await;
    let (status, refused) = boss.send(Method::DELETE, "/api/v1/users/ana", &Value::Null).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(
        refused["detail"],
        "nobody but `ana` owns `ana`: name another owner there, or delete the repositories, first"
    );
    assert_eq!(ana.json("/api/v1/whoami").await["name"], "ana", "nothing was done");

    let path = "/api/v1/orgs/ana/members/boss";
    let (status, _) = ana.send(Method::PUT, path, &json!({"role": "owner"})).await;
    assert!(status.is_success(), "{status}");
    let (status, gone) = boss.send(Method::DELETE, "/api/v1/users/ana", &Value::Null).await;
    assert_eq!((status, &gone["orgs"]), (StatusCode::OK, &json!([])));
    assert_eq!(boss.json("/api/v1/repos/ana/x").await["name"], "ana/x");
    let members = boss.json("/api/v1/orgs/ana/members").await;
    assert_eq!(members.as_array().unwrap().len(), 1, "{members}");
    hub.stop().await;
}

/// A way to prove who one is, and whether the hub still takes it.
struct Proof {
    what: &'static str,
    send: Box<dyn Fn(&reqwest::Client) -> reqwest::RequestBuilder + Send + Sync>,
}

impl Proof {
    fn new(
        what: &'static str,
        send: impl Fn(&reqwest::Client) -> reqwest::RequestBuilder + Send + Sync + 'static,
    ) -> Self {
        Self { what, send: Box::new(send) }
    }
}

/// Everything that somebody can come with: it works now.
async fn proofs(hub: &TestHub, person: &Person) -> Vec<Proof> {
    let name = person.name.clone();
    let ping = hub.nobody().get("/v2/").await;
    let challenge = ping.headers()["www-authenticate"].to_str().unwrap();
    let realm = challenge.split("realm=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let asked = format!("{realm}?service=hub&scope=repository:{name}/x:pull");
    let path = asked.strip_prefix(&hub.url).unwrap();
    let answer = person.json(&format!("{path}&offline_token=true")).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (jwt, refresh) = (text(&answer["token"]), text(&answer["refresh_token"]));
    let (_, made) = person.send(Method::POST, "/api/v1/tokens", &json!({"name": "ci"})).await;
    let token = text(&made["secret"]);
    let login = hub.client().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let login = login.post(format!("{}/login", hub.url)).header("origin", &hub.url);
    let login = login.form(&[("name", name.as_str()), ("password", PASSWORD)]);
    let login = login.send().await.unwrap();
    let cookies = login.headers().get_all("set-cookie").iter();
    let session = cookies.map(|one| one.to_str().unwrap()).find(|one| one.contains("session"));
    let session = session.unwrap().split(';').next().unwrap().to_owned();

    let whoami = format!("{}/api/v1/whoami", hub.url);
    let manifest = format!("{}/v2/{name}/x/manifests/v1", hub.url);
    let (who, user) = (whoami.clone(), name.clone());
    let password = move |http: &reqwest::Client| http.get(&who).basic_auth(&user, Some(PASSWORD));
    let who = whoami.clone();
    let (bearer, basic, owner) = (token.clone(), token, name);
    let at = asked.clone();
    vec![
        Proof::new("password", password),
        Proof::new("token", move |http| http.get(&who).bearer_auth(&bearer)),
        Proof::new("token as password", move |http| http.get(&at).basic_auth(&owner, Some(&basic))),
        Proof::new("session", move |http| http.get(&whoami).header("cookie", &session)),
        Proof::new("registry token", move |http| http.get(&manifest).bearer_auth(&jwt)),
        Proof::new("refresh token", move |http| {
            let fields = [
                ("grant_type", "refresh_token"),
                ("service", "hub"),
                ("refresh_token", refresh.as_str()),
            ];
            http.post(&realm).form(&fields)
        }),
    ]
}

async fn tried(hub: &TestHub, proofs: &[Proof]) -> Vec<(&'static str, bool)> {
    let http = hub.client().build().unwrap();
    let mut tried = Vec::new();
    for proof in proofs {
        let status = (proof.send)(&http).send().await.unwrap().status();
        assert!(
            status.is_success() || status == StatusCode::UNAUTHORIZED,
            "{} answered {status}",
            proof.what
        );
        tried.push((proof.what, status.is_success()));
    }
    tried
}

#[tokio::test]
async fn a_closed_or_deleted_user_is_refused_at_the_next_request_whatever_they_show() {
    let hub = TestHub::start().await;
    let boss = hub.administrator("boss").await;
    for (name, method, body) in
        [("ana", Method::PATCH, json!({"disabled": true})), ("bob", Method::DELETE, Value::Null)]
    {
        let person = hub.person(name).await;
        person.push_image(&format!("{name}/x:v1"), &readme_image("# x")).await;
        let path = format!("/api/v1/orgs/{name}/members/boss");
        person.send(Method::PUT, &path, &json!({"role": "owner"})).await;
        let hidden = json!({"visibility": "private"});
        let repo = format!("/api/v1/repos/{name}/x");
        let (status, _) = person.send(Method::PATCH, &repo, &hidden).await;
        assert!(status.is_success(), "{status}");
        let proofs = proofs(&hub, &person).await;
        let before = tried(&hub, &proofs).await;
        assert!(before.iter().all(|(_, works)| *works), "{before:?}");

        let path = format!("/api/v1/users/{name}");
        let (status, _) = boss.send(method, &path, &body).await;
        assert_eq!(status, StatusCode::OK);
        let after = tried(&hub, &proofs).await;
        assert!(after.iter().all(|(_, works)| !works), "{after:?}");
    }
    hub.stop().await;
}

#[tokio::test]
async fn a_password_is_changed_with_the_old_one_or_reset_by_an_administrator() {
    let hub = TestHub::start().await;
    let boss = hub.administrator("boss").await;
    let ana = hub.person("ana").await;
    let proofs = proofs_of_password(&hub, &ana).await;
    let change = |old: &str, new: &str| json!({"old": old, "password": new});
    let path = "/api/v1/password";
    let (status, wrong) = ana.send(Method::PUT, path, &change("guess work", "new password")).await;
    assert_eq!(
        (status, &wrong["detail"]),
        (StatusCode::BAD_REQUEST, &json!("old: the old password is wrong"))
    );
    let (status, short) = ana.send(Method::PUT, path, &change(PASSWORD, "short")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(short["detail"], "password: a password has 8 to 256 bytes, this one has 5");
    let (status, _) = ana.send(Method::PUT, path, &change(PASSWORD, "new password")).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let left: Vec<_> = tried(&hub, &proofs).await;
    let works: Vec<_> = left.iter().filter(|(_, works)| *works).map(|(what, _)| *what).collect();
    assert_eq!(works, ["token", "token as password"], "tokens are no children of the password");

    let path = "/api/v1/users/ana/password";
    let (status, _) = boss.send(Method::PUT, path, &json!({"password": PASSWORD})).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(ana.json("/api/v1/whoami").await["name"], "ana");
    hub.stop().await;
}

async fn proofs_of_password(hub: &TestHub, person: &Person) -> Vec<Proof> {
    person.push_image(&format!("{}/x:v1", person.name), &readme_image("# x")).await;
    let hidden = json!({"visibility": "private"});
    person.send(Method::PATCH, &format!("/api/v1/repos/{}/x", person.name), &hidden).await;
    proofs(hub, person).await
}

#[tokio::test]
async fn the_last_administrator_cannot_be_unmade() {
    let hub = TestHub::start().await;
    let boss = hub.administrator("boss").await;
    for (method, body) in [
        (Method::PATCH, json!({"admin": false})),
        (Method::PATCH, json!({"disabled": true})),
        (Method::DELETE, Value::Null),
    ] {
        let (status, refused) = boss.send(method, "/api/v1/users/boss", &body).await;
        assert_eq!(status, StatusCode::CONFLICT);
        assert_eq!(
            refused["detail"],
            "`boss` is the last administrator who may sign in: make another one first"
        );
    }
    hub.stop().await;
}
