//! Which route a request takes. Source: "Create routes for HTTP APIs in API Gateway", section "Routing API requests", API
//! Gateway developer guide: first the stage, then "the route with the most specific match": a full match of route and
//! method, a greedy path variable, `$default`.
//!
//! Where it is silent: a path is split before it is decoded, so that an encoded slash is part of its segment; of two full
//! matches the one with words further to the left is the more specific, then the one that names the method.

use std::collections::BTreeMap;

use http::Method;

use crate::sigv4::decode_percent;
use crate::template::{DEFAULT_STAGE, HttpApi, Route};

/// A route with what the request has for it.
#[derive(Debug)]
pub(super) struct Found<'a> {
    pub route: &'a Route,
    pub stage: &'a str,
    /// Decoded, without the stage and the first slash.
    pub path: String,
    /// By the names of the variables.
    pub parameters: BTreeMap<String, String>,
}

/// How specific a match is; the smallest wins.
type Rank = (Vec<Segment>, bool);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Word,
    Variable,
    Greedy,
}

/// The route for a request; none if the answer is "Not Found".
pub(super) fn find<'a>(api: &'a HttpApi, method: &Method, path: &str) -> Option<Found<'a>> {
    let decode = |text: &str| String::from_utf8_lossy(&decode_percent(text)).into_owned();
    let mut segments: Vec<String> = path.strip_prefix('/')?.split('/').map(decode).collect();
    let named = api.stages.iter().find(|stage| *stage != DEFAULT_STAGE && segments.first() == Some(stage));
    let stage = named.or_else(|| api.stages.iter().find(|stage| *stage == DEFAULT_STAGE))?;
    if named.is_some() {
        segments.remove(0);
        if segments.is_empty() {
            segments.push(String::new());
        }
    }
    let matches = api.routes.iter().filter_map(|route| {
        let (rank, parameters) = fit(&route.key, method, &segments)?;
        Some((rank, route, parameters))
    });
    let (_, route, parameters) = matches.min_by(|(one, ..), (other, ..)| one.cmp(other))?;
    Some(Found { route, stage, path: segments.join("/"), parameters })
}

fn fit(key: &str, method: &Method, segments: &[String]) -> Option<(Rank, BTreeMap<String, String>)> {
    let mut parameters = BTreeMap::new();
    if key == DEFAULT_STAGE {
        // Less specific than any that begins with a greedy variable.
        return Some(((vec![Segment::Greedy, Segment::Greedy], true), parameters));
    }
    let (wanted, path) = key.split_once(" /")?;
    if wanted != "ANY" && wanted != method.as_str() {
        return None;
    }
    let (mut rank, mut rest) = (Vec::new(), segments);
    for pattern in path.split('/') {
        let (first, others) = rest.split_first()?;
        match pattern.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            None if pattern == first => rank.push(Segment::Word),
            None => return None,
            Some(name) => match name.strip_suffix('+') {
                // It "catches all child resources", of which there is none behind a slash that is the last.
                Some(_) if rest.iter().map(String::as_str).eq([""]) => return None,
                None if first.is_empty() => return None,
                Some(name) => {
                    parameters.insert(name.to_owned(), rest.join("/"));
                    rank.push(Segment::Greedy);
                    rest = &[];
                    continue;
                }
                None => {
                    parameters.insert(name.to_owned(), first.clone());
                    rank.push(Segment::Variable);
                }
            },
        }
        rest = others;
    }
    rest.is_empty().then_some(((rank, wanted == "ANY"), parameters))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::{Authorization, Function};

    fn api(stages: &[&str], keys: &[&str]) -> HttpApi {
        let route =
            |key: &&str| Route { key: (*key).to_owned(), authorization: Authorization::Iam, function: Function::Echo };
        HttpApi {
            id: "a".to_owned(),
            stages: stages.iter().map(|stage| (*stage).to_owned()).collect(),
            routes: keys.iter().map(route).collect(),
        }
    }

    fn key(api: &HttpApi, request: &str) -> String {
        let (method, path) = request.split_once(' ').unwrap();
        let method = method.parse().unwrap();
        find(api, &method, path).map_or_else(|| "404".to_owned(), |found| found.route.key.clone())
    }

    /// The guide's own table, and what is around it.
    #[test]
    fn the_most_specific_route_wins() {
        let guide = ["$default", "ANY /{proxy+}", "GET /pets/{proxy+}", "GET /pets/dog/{id}", "GET /pets/dog/1"];
        let guide = api(&["$default"], &guide);
        for (request, wanted) in [
            ("GET /pets/dog/1", "GET /pets/dog/1"),
            ("GET /pets/dog/2", "GET /pets/dog/{id}"),
            ("GET /pets/cat/1", "GET /pets/{proxy+}"),
            ("POST /test/5", "ANY /{proxy+}"),
            ("POST /pets/dog/1", "ANY /{proxy+}"),
            ("GET /", "$default"),
            ("GET /pets/dog/%31", "GET /pets/dog/1"),
            ("GET /pets/dog/1%2F2", "GET /pets/dog/{id}"),
        ] {
            assert_eq!(key(&guide, request), wanted, "{request}");
        }
    }

    #[test]
    fn a_method_that_is_named_wins_over_any_of_the_same_path() {
        let api = api(&["$default"], &["ANY /a", "GET /a", "GET /{b}", "GET /"]);
        for (request, wanted) in
            [("GET /a", "GET /a"), ("POST /a", "ANY /a"), ("GET /x", "GET /{b}"), ("GET /", "GET /")]
        {
            assert_eq!(key(&api, request), wanted, "{request}");
        }
        for request in ["POST /x", "GET /a/", "GET //a", "GET /a/b", "HEAD /x"] {
            assert_eq!(key(&api, request), "404", "{request}");
        }
    }

    #[test]
    fn variables_have_what_stands_in_their_place() {
        let api = api(&["$default"], &["GET /a/{b}/{c+}"]);
        let found = find(&api, &Method::GET, "/a/x%20y/1/%C3%A9//2").unwrap();
        let pair = |name: &str| found.parameters[name].clone();
        assert_eq!((pair("b"), pair("c")), ("x y".to_owned(), "1/é//2".to_owned()));
        assert_eq!((found.path.as_str(), found.stage), ("a/x y/1/é//2", "$default"));
        assert!(find(&api, &Method::GET, "/a/x").is_none() && find(&api, &Method::GET, "/a//1").is_none());
    }

    #[test]
    fn a_stage_is_chosen_before_the_route() {
        let both = api(&["$default", "dev"], &["GET /a", "GET /dev", "GET /"]);
        let stage = |api, path| find(api, &Method::GET, path).map(|found| (found.stage, found.path));
        assert_eq!(stage(&both, "/a"), Some(("$default", "a".to_owned())));
        assert_eq!(stage(&both, "/dev/a"), Some(("dev", "a".to_owned())));
        assert_eq!(stage(&both, "/dev"), Some(("dev", String::new())));
        let named = api(&["dev"], &["GET /a"]);
        assert_eq!(stage(&named, "/a"), None);
        assert_eq!(stage(&named, "/dev/a"), Some(("dev", "a".to_owned())));
        assert_eq!(stage(&api(&[], &["GET /a"]), "/a"), None);
    }
}
