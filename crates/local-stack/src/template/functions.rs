//! CloudFormation's functions, those that templates here use, and what `Ref` and `Fn::GetAtt` give for each type.
//! Source: "Intrinsic function reference" and the "Return values" of the resource types, CloudFormation user guide.

use serde_json::{Map, Value};

use super::names::{self, ACCOUNT, PARTITION, REGION, URL_SUFFIX};

/// Deeper than any reference goes that does not run in a circle.
const DEEPEST: usize = 20;
const CIRCLE: &str = "references run in a circle";

/// Finds what names and functions of one template stand for.
pub(super) struct Resolver<'t> {
    resources: &'t Map<String, Value>,
    stack_name: &'t str,
}

impl<'t> Resolver<'t> {
    pub(super) fn new(resources: &'t Map<String, Value>, stack_name: &'t str) -> Self {
        Self { resources, stack_name }
    }

    /// The value with its functions carried out; none if it is `AWS::NoValue`, which stands for nothing at all.
    pub(super) fn resolve(&self, value: &Value) -> Result<Option<Value>, String> {
        self.resolve_within(value, 0)
    }

    fn resolve_within(&self, value: &Value, depth: usize) -> Result<Option<Value>, String> {
        match value {
            Value::Array(items) => {
                let items = items.iter().filter_map(|item| self.resolve_within(item, depth).transpose());
                Ok(Some(Value::Array(items.collect::<Result<_, _>>()?)))
            }
            Value::Object(fields) => match fields.iter().next() {
                Some((name, argument)) if fields.len() == 1 && is_function(name) => self.call(name, argument, depth),
                _ => {
                    let mut resolved = Map::new();
                    for (name, field) in fields {
                        if let Some(field) = self.resolve_within(field, depth)? {
                            resolved.insert(name.clone(), field);
                        }
                    }
                    Ok(Some(Value::Object(resolved)))
                }
            },
            plain => Ok(Some(plain.clone())),
        }
    }

    fn call(&self, name: &str, argument: &Value, depth: usize) -> Result<Option<Value>, String> {
        if depth > DEEPEST {
            return Err(CIRCLE.to_owned());
        }
        let text = match (name, argument) {
            ("Ref", Value::String(target)) if target == "AWS::NoValue" => return Ok(None),
            ("Ref", Value::String(target)) => self.reference(target, depth + 1)?,
            ("Fn::GetAtt", Value::String(path)) => self.attribute_path(path, depth + 1)?,
            ("Fn::GetAtt", Value::Array(parts)) => match &parts[..] {
                [Value::String(resource), Value::String(attribute)] => {
                    self.attribute(resource, attribute, depth + 1)?
                }
                _ => return Err("Fn::GetAtt is not a resource and an attribute".to_owned()),
            },
            ("Fn::Join", Value::Array(arguments)) => self.join(arguments, depth)?,
            ("Fn::Sub", Value::String(text)) => self.substitute(text, &Map::new(), depth)?,
            ("Fn::Sub", Value::Array(arguments)) => match &arguments[..] {
                [Value::String(text), Value::Object(variables)] => self.substitute(text, variables, depth)?,
                _ => return Err("Fn::Sub is not a text with variables".to_owned()),
            },
            ("Ref" | "Fn::Join" | "Fn::Sub" | "Fn::GetAtt", _) => {
                return Err(format!("{name} has an argument of the wrong kind"));
            }
            _ => return Err(format!("function {name} is not known here")),
        };
        Ok(Some(Value::String(text)))
    }

    fn join(&self, arguments: &[Value], depth: usize) -> Result<String, String> {
        let [Value::String(delimiter), items] = arguments else {
            return Err("Fn::Join is not a delimiter and a list".to_owned());
        };
        let Some(Value::Array(items)) = self.resolve_within(items, depth + 1)? else {
            return Err("Fn::Join is not a delimiter and a list".to_owned());
        };
        let texts: Option<Vec<_>> = items.iter().map(Value::as_str).collect();
        texts.map(|texts| texts.join(delimiter)).ok_or_else(|| "Fn::Join joins something that is no text".to_owned())
    }

    /// `${Name}`, `${Resource.Attribute}`, and `${!Literal}` for `${Literal}`.
    fn substitute(&self, text: &str, variables: &Map<String, Value>, depth: usize) -> Result<String, String> {
        let mut result = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) =
                after.split_once('}').ok_or_else(|| format!("Fn::Sub has a variable without its end: {text}"))?;
            result.push_str(before);
            if let Some(literal) = name.strip_prefix('!') {
                result.push_str(&format!("${{{literal}}}"));
            } else if let Some(value) = variables.get(name) {
                let value = self.resolve_within(value, depth + 1)?;
                let value = value.as_ref().and_then(Value::as_str);
                result.push_str(value.ok_or_else(|| format!("Fn::Sub: {name} is no text"))?);
            } else if name.contains('.') {
                result.push_str(&self.attribute_path(name, depth + 1)?);
            } else {
                result.push_str(&self.reference(name, depth + 1)?);
            }
            rest = after;
        }
        result.push_str(rest);
        Ok(result)
    }

    /// What `Ref` gives.
    fn reference(&self, target: &str, depth: usize) -> Result<String, String> {
        Ok(match target {
            "AWS::AccountId" => ACCOUNT.to_owned(),
            "AWS::Region" => REGION.to_owned(),
            "AWS::Partition" => PARTITION.to_owned(),
            "AWS::URLSuffix" => URL_SUFFIX.to_owned(),
            "AWS::StackName" => self.stack_name.to_owned(),
            pseudo if pseudo.starts_with("AWS::") => return Err(format!("Ref to {pseudo} is not known here")),
            resource => match self.kind(resource)? {
                "AWS::IAM::OIDCProvider" | "AWS::IAM::ManagedPolicy" => self.attribute(resource, "Arn", depth)?,
                _ => self.physical_id(resource, depth)?,
            },
        })
    }

    fn attribute_path(&self, path: &str, depth: usize) -> Result<String, String> {
        let (resource, attribute) =
            path.split_once('.').ok_or_else(|| format!("{path} is not a resource and an attribute"))?;
        self.attribute(resource, attribute, depth)
    }

    /// What `Fn::GetAtt` gives.
    fn attribute(&self, resource: &str, attribute: &str, depth: usize) -> Result<String, String> {
        let kind = self.kind(resource)?;
        let name = || self.physical_id(resource, depth);
        let regional = |service: &str, id: String| format!("arn:{PARTITION}:{service}:{REGION}:{ACCOUNT}:{id}");
        let iam = |id: String| format!("arn:{PARTITION}:iam::{ACCOUNT}:{id}");
        Ok(match (kind, attribute) {
            ("AWS::S3::Bucket", "Arn") => format!("arn:{PARTITION}:s3:::{}", name()?),
            ("AWS::IAM::Role", "Arn") => iam(format!("role{}{}", self.path(resource, depth)?, name()?)),
            ("AWS::IAM::Role", "RoleId") => names::role_id(&self.attribute(resource, "Arn", depth)?),
            ("AWS::IAM::ManagedPolicy", "Arn") => iam(format!("policy{}{}", self.path(resource, depth)?, name()?)),
            ("AWS::IAM::OIDCProvider", "Arn") => {
                let url = self.own_text(resource, "Url", depth)?.unwrap_or_default();
                iam(format!("oidc-provider/{}", url.strip_prefix("https://").unwrap_or(&url)))
            }
            ("AWS::Lambda::Function", "Arn") => regional("lambda", format!("function:{}", name()?)),
            ("AWS::Logs::LogGroup", "Arn") => regional("logs", format!("log-group:{}:*", name()?)),
            _ => return Err(format!("Fn::GetAtt {resource}.{attribute} ({kind}) is not known here")),
        })
    }

    /// The name that the resource asks for, or one made for it.
    fn physical_id(&self, resource: &str, depth: usize) -> Result<String, String> {
        let kind = self.kind(resource)?;
        let named_by = match kind {
            "AWS::S3::Bucket" => Some("BucketName"),
            "AWS::IAM::Role" => Some("RoleName"),
            "AWS::IAM::ManagedPolicy" => Some("ManagedPolicyName"),
            _ => None,
        };
        let own = named_by.map(|property| self.own_text(resource, property, depth)).transpose()?.flatten();
        Ok(own.unwrap_or_else(|| names::generate(kind, self.stack_name, resource)))
    }

    fn path(&self, resource: &str, depth: usize) -> Result<String, String> {
        Ok(self.own_text(resource, "Path", depth)?.unwrap_or_else(|| "/".to_owned()))
    }

    fn own_text(&self, resource: &str, property: &str, depth: usize) -> Result<Option<String>, String> {
        let value = self.resources.get(resource).map(|resource| &resource["Properties"][property]);
        let value = match value.map(|value| self.resolve_within(value, depth)).transpose() {
            Ok(value) => value.flatten(),
            Err(problem) if problem == CIRCLE => return Err(problem),
            // That resource tells its problem itself, once; whoever refers to it need not.
            Err(_) => None,
        };
        Ok(value.as_ref().and_then(Value::as_str).map(str::to_owned))
    }

    fn kind(&self, resource: &str) -> Result<&'t str, String> {
        let found = self.resources.get(resource).ok_or_else(|| format!("{resource} is referred to and not there"))?;
        found["Type"].as_str().ok_or_else(|| format!("{resource} has no type"))
    }
}

fn is_function(name: &str) -> bool {
    name == "Ref" || name == "Condition" || name.starts_with("Fn::")
}
