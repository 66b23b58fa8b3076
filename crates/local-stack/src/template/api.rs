//! An HTTP API of API Gateway with its routes, and the functions behind them, as far as the stack can answer for them.
//! Sources: the types `AWS::ApiGatewayV2::*` and `AWS::Lambda::Permission`, CloudFormation user guide; "Create routes for
//! HTTP APIs in API Gateway", API Gateway developer guide.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::properties::Properties;
use crate::hex::hex;
use crate::iam::{Call, Caller, Context, Policy, PolicyKind, evaluate};

/// The stage that takes what is for no other; its name is in no path.
pub(crate) const DEFAULT_STAGE: &str = "$default";

/// An API that is served.
#[derive(Debug)]
pub(crate) struct HttpApi {
    pub(crate) id: String,
    /// The names of its stages. All of them have all routes: only stages that deploy by themselves are known.
    pub(crate) stages: Vec<String>,
    pub(crate) routes: Vec<Route>,
}

#[derive(Debug)]
pub(crate) struct Route {
    /// `GET /pets/{id}`, `ANY /{proxy+}` or `$default`.
    pub(crate) key: String,
    pub(crate) authorization: Authorization,
    pub(crate) function: Function,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Authorization {
    None,
    Iam,
}

/// What answers a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Function {
    /// `infra/lib/whoami.js`.
    Whoami,
    /// The event that it got, without credentials.
    Echo,
    /// The status in the path.
    Status,
    /// After as many milliseconds as the path says.
    Slow,
    /// There, and nothing that the stack can stand in for.
    Unknown { name: String },
    /// Nobody may call it for this route: its policy does not let API Gateway.
    Forbidden,
}

impl Function {
    /// Functions are known by their source, letter for letter: another text may do another thing.
    fn with_source(source: Option<&str>, name: String) -> Self {
        match source.map(|source| hex(&Sha256::digest(source))).as_deref() {
            Some(WHOAMI_DIGEST) => Self::Whoami,
            _ => Self::Unknown { name },
        }
    }
}

/// SHA-256 of `infra/lib/whoami.js`, which `api/functions.rs` stands in for.
const WHOAMI_DIGEST: &str = "0d6d81cd207f9093acd2cbee1d50dfd3c1703d69d4e3abf1bd4891b5d237bee6";

/// What has been read so far.
#[derive(Default)]
pub(super) struct ApiParts {
    ids: Vec<String>,
    /// Of which API, and the name.
    stages: Vec<(String, String)>,
    routes: Vec<RoutePart>,
    integrations: Vec<IntegrationPart>,
    functions: Vec<FunctionPart>,
    permissions: Vec<PermissionPart>,
}

struct RoutePart {
    api_id: String,
    key: String,
    authorization: Authorization,
    /// `integrations/ID`.
    target: String,
}

struct IntegrationPart {
    id: String,
    api_id: String,
    function_arn: String,
}

struct FunctionPart {
    arn: String,
    /// The text of an inline function.
    source: Option<String>,
    /// For whom it is not imitated.
    description: String,
}

struct PermissionPart {
    function: String,
    /// An ARN with wildcards; none if the service may call for whomever.
    source_arn: Option<String>,
}

impl ApiParts {
    pub(super) fn read_api(&mut self, p: &mut Properties, id: String) {
        p.pass_over(&["Description", "Name", "Tags"]);
        let protocol = p.required_text("ProtocolType");
        if protocol != "HTTP" {
            p.problem(format!("ProtocolType {protocol:?} is not known here: the stack serves HTTP APIs"));
        }
        self.ids.push(id);
    }

    pub(super) fn read_stage(&mut self, p: &mut Properties) {
        p.pass_over(&["AccessLogSettings", "DefaultRouteSettings", "Description", "Tags"]);
        let (api_id, name) = (p.required_text("ApiId"), p.required_text("StageName"));
        if !p.flag("AutoDeploy") {
            p.problem("AutoDeploy is not true, and deployments by hand are not known here");
        }
        // "Stage names can only contain alphanumeric characters, hyphens, and underscores. Maximum length is 128
        // characters." ("Amazon API Gateway important notes")
        let is_name =
            |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        if name != DEFAULT_STAGE && !(is_name(&name) && (1..=128).contains(&name.len())) {
            p.problem(format!("StageName {name:?} is none that API Gateway takes"));
        }
        self.stages.push((api_id, name));
    }

    pub(super) fn read_route(&mut self, p: &mut Properties) {
        let (api_id, key) = (p.required_text("ApiId"), p.required_text("RouteKey"));
        if let Err(problem) = check_route_key(&key) {
            p.problem(format!("RouteKey {key:?} {problem}"));
        }
        let authorization = match p.text("AuthorizationType").as_deref() {
            None | Some("NONE") => Authorization::None,
            Some("AWS_IAM") => Authorization::Iam,
            Some(other) => {
                p.problem(format!("AuthorizationType {other:?} is not known here: NONE and AWS_IAM are"));
                Authorization::Iam
            }
        };
        let target = p.required_text("Target");
        self.routes.push(RoutePart { api_id, key, authorization, target });
    }

    pub(super) fn read_integration(&mut self, p: &mut Properties, id: String) {
        p.pass_over(&["Description", "IntegrationMethod", "TimeoutInMillis"]);
        let kind = p.required_text("IntegrationType");
        if kind != "AWS_PROXY" {
            p.problem(format!("IntegrationType {kind:?} is not known here: AWS_PROXY to a function is"));
        }
        let version = p.required_text("PayloadFormatVersion");
        if version != "2.0" {
            p.problem(format!("PayloadFormatVersion {version:?} is not known here: 2.0 is"));
        }
        let (api_id, function_arn) = (p.required_text("ApiId"), p.required_text("IntegrationUri"));
        self.integrations.push(IntegrationPart { id, api_id, function_arn });
    }

    /// What a function is made of has no part in who may do what; its source says whether the stack can stand in for it.
    pub(super) fn read_function(&mut self, p: &mut Properties, arn: String, description: String) {
        let source = p.value("Code").and_then(|code| Some(code.get("ZipFile")?.as_str()?.to_owned()));
        p.pass_over_all();
        self.functions.push(FunctionPart { arn, source, description });
    }

    pub(super) fn read_permission(&mut self, p: &mut Properties) {
        let (action, function) = (p.required_text("Action"), p.required_text("FunctionName"));
        let (principal, source_arn) = (p.required_text("Principal"), p.text("SourceArn"));
        if action == "lambda:InvokeFunction" && principal == "apigateway.amazonaws.com" {
            self.permissions.push(PermissionPart { function, source_arn });
        }
    }

    /// Puts the parts together. Functions that answer nothing are what the stack does not imitate.
    pub(super) fn link(mut self, ignored: &mut Vec<String>, problems: &mut Vec<String>) -> Option<HttpApi> {
        let (behind_routes, others): (Vec<_>, Vec<_>) = std::mem::take(&mut self.functions)
            .into_iter()
            .partition(|function| self.integrations.iter().any(|known| known.function_arn == function.arn));
        ignored.extend(others.into_iter().map(|function| function.description));
        let id = match &self.ids[..] {
            [] if self.routes.is_empty() && self.stages.is_empty() => return None,
            [one] => one.clone(),
            several => {
                problems.push(format!("there are {} HTTP APIs; the stack has one", several.len()));
                return None;
            }
        };
        let of_api = self.stages.iter().map(|(api_id, _)| api_id);
        let of_api = of_api.chain(self.routes.iter().map(|route| &route.api_id));
        let of_api = of_api.chain(self.integrations.iter().map(|integration| &integration.api_id));
        if let Some(other) = of_api.into_iter().find(|api_id| **api_id != id) {
            problems.push(format!("a part of an API is for {other}, which is not in the template"));
        }
        let mut routes: Vec<Route> = Vec::new();
        for part in &self.routes {
            if routes.iter().any(|route| route.key == part.key) {
                problems.push(format!("route {} is there twice", part.key));
            }
            match self.find_function(&id, part, &behind_routes) {
                Ok(function) => {
                    routes.push(Route { key: part.key.clone(), authorization: part.authorization, function });
                }
                Err(problem) => problems.push(problem),
            }
        }
        let stages = self.stages.into_iter().map(|(_, name)| name).collect();
        Some(HttpApi { id, stages, routes })
    }

    fn find_function(&self, api_id: &str, route: &RoutePart, functions: &[FunctionPart]) -> Result<Function, String> {
        let target = route.target.strip_prefix("integrations/");
        let integration = self.integrations.iter().find(|integration| target == Some(&integration.id));
        let integration = integration
            .ok_or_else(|| format!("route {}: its target {} is not in the template", route.key, route.target))?;
        let arn = &integration.function_arn;
        let Some(function) = functions.iter().find(|function| function.arn == *arn) else {
            return Ok(Function::Unknown { name: arn.clone() });
        };
        let may_call = self.permissions.iter().any(|permission| {
            let is_its = permission.function == *arn || arn.ends_with(&format!(":function:{}", permission.function));
            is_its && permission.source_arn.as_ref().is_none_or(|pattern| covers(pattern, api_id, &route.key))
        });
        if may_call {
            Ok(Function::with_source(function.source.as_deref(), arn.clone()))
        } else {
            Ok(Function::Forbidden)
        }
    }
}

/// Whether a permission's source is the route. API Gateway calls as `API/STAGE/METHOD/PATH` with the route's own path; of
/// the stage and of `ANY` nothing is known here, so that only a pattern with wildcards there fits.
fn covers(pattern: &str, api_id: &str, route_key: &str) -> bool {
    let (method, path) = route_key.split_once(" /").unwrap_or((DEFAULT_STAGE, ""));
    let source = format!(
        "arn:aws:execute-api:{}:{}:{api_id}/{DEFAULT_STAGE}/{method}/{path}",
        super::names::REGION,
        super::names::ACCOUNT
    );
    let statement =
        json!([{ "Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": pattern.replace('$', "${$}") }]);
    let document: Value = json!({ "Version": "2012-10-17", "Statement": statement });
    let context = Context::default();
    let call = Call {
        caller: Caller::Federated("apigateway.amazonaws.com"),
        action: "lambda:InvokeFunction",
        resource: &source,
        context: &context,
    };
    Policy::parse(&document, PolicyKind::Identity).is_ok_and(|policy| evaluate([&policy], None, &call).is_ok())
}

/// `METHOD /path` or `$default`. "The greedy path variable must be at the end of the resource path."
fn check_route_key(key: &str) -> Result<(), &'static str> {
    const METHODS: [&str; 8] = ["ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];
    if key == DEFAULT_STAGE {
        return Ok(());
    }
    let Some((method, path)) = key.split_once(' ') else { return Err("is neither a method and a path nor $default") };
    if !METHODS.contains(&method) {
        return Err("has a method that API Gateway does not know");
    }
    let Some(path) = path.strip_prefix('/') else { return Err("has a path that does not begin with a slash") };
    let mut segments = path.split('/').peekable();
    while let Some(segment) = segments.next() {
        let variable = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        if variable.is_some_and(|name| name.ends_with('+')) && segments.peek().is_some() {
            return Err("has a greedy variable before its end");
        }
        let is_plain =
            variable.is_some_and(|name| !name.trim_end_matches('+').is_empty()) || !segment.contains(['{', '}']);
        if !is_plain {
            return Err("has braces that are no variable");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::{Template, TemplateError};

    const API: &str = include_str!("../../../../tests/e2e/template/infra-api.template.json");

    fn with(change: impl FnOnce(&mut Value)) -> Result<Template, TemplateError> {
        let mut document: Value = serde_json::from_str(API).unwrap();
        change(&mut document["Resources"]);
        Template::parse(&document.to_string(), "Stack")
    }

    fn api(change: impl FnOnce(&mut Value)) -> HttpApi {
        let template = with(change).unwrap();
        let deployment = std::sync::Arc::clone(template.deployment());
        drop(template);
        std::sync::Arc::into_inner(deployment).unwrap().api.unwrap()
    }

    #[test]
    fn infra_s_api_is_read_and_its_function_known() {
        let api = api(|_| {});
        assert_eq!((api.id.len(), api.stages), (10, vec![DEFAULT_STAGE.to_owned()]));
        let [route] = &api.routes[..] else { panic!("one route") };
        assert_eq!((route.key.as_str(), route.authorization), ("GET /whoami", Authorization::Iam));
        assert_eq!(route.function, Function::Whoami);
    }

    #[test]
    fn the_function_that_is_known_is_infra_s() {
        let source = include_str!("../../../../infra/lib/whoami.js");
        assert_eq!(Function::with_source(Some(source), String::new()), Function::Whoami);
        let changed = format!("{source} ");
        assert!(matches!(Function::with_source(Some(&changed), String::new()), Function::Unknown { .. }));
    }

    #[test]
    fn a_function_that_api_gateway_may_not_call_is_told_apart() {
        let permission = "ApiGETwhoamiWhoamiIntegrationPermission7B422DFB";
        let without = api(|resources| {
            resources.as_object_mut().unwrap().remove(permission);
        });
        assert_eq!(without.routes[0].function, Function::Forbidden);
        for (source, may) in [("/*/*/whoami", true), ("/$default/GET/whoami", true), ("/*/POST/whoami", false)] {
            let found = api(|resources| {
                let parts = &mut resources[permission]["Properties"]["SourceArn"]["Fn::Join"][1];
                *parts.as_array_mut().unwrap().last_mut().unwrap() = json!(source);
            });
            assert_eq!(found.routes[0].function == Function::Whoami, may, "{source}");
        }
    }

    #[test]
    fn what_the_stack_cannot_serve_is_refused_by_name() {
        type Change = fn(&mut Value);
        let changes: [(Change, &str); 12] = [
            (|r| r["ApiF70053CD"]["Properties"]["ProtocolType"] = json!("WEBSOCKET"), "WEBSOCKET"),
            (|r| r["ApiF70053CD"]["Properties"]["CorsConfiguration"] = json!({}), "CorsConfiguration"),
            (|r| r["ApiStage529D6240"]["Properties"]["AutoDeploy"] = json!(false), "AutoDeploy"),
            (|r| r["ApiStage529D6240"]["Properties"]["StageName"] = json!("a b"), "StageName"),
            (|r| r["ApiStage529D6240"]["Properties"]["ApiId"] = json!("other"), "other"),
            (|r| r["ApiGETwhoami42956F4B"]["Properties"]["AuthorizationType"] = json!("JWT"), "JWT"),
            (|r| r["ApiGETwhoami42956F4B"]["Properties"]["RouteKey"] = json!("FETCH /x"), "FETCH"),
            (|r| r["ApiGETwhoami42956F4B"]["Properties"]["RouteKey"] = json!("GET /{a+}/x"), "greedy"),
            (|r| r["ApiGETwhoami42956F4B"]["Properties"]["Target"] = json!("integrations/none"), "integrations/none"),
            (
                |r| r["ApiGETwhoamiWhoamiIntegration305FF65E"]["Properties"]["PayloadFormatVersion"] = json!("1.0"),
                "PayloadFormatVersion",
            ),
            (
                |r| r["ApiGETwhoamiWhoamiIntegration305FF65E"]["Properties"]["IntegrationType"] = json!("HTTP_PROXY"),
                "HTTP_PROXY",
            ),
            (|r| r["Second"] = r["ApiGETwhoami42956F4B"].clone(), "twice"),
        ];
        for (change, said) in changes {
            let error = with(change).unwrap_err().to_string();
            assert!(error.contains(said), "{said}: {error}");
        }
    }

    #[test]
    fn another_function_is_known_as_not_imitated() {
        let other = api(|r| r["Whoami7748E0D8"]["Properties"]["Code"]["ZipFile"] = json!("exports.handler = 1"));
        assert!(matches!(&other.routes[0].function, Function::Unknown { name } if name.contains(":function:")));
    }
}
