//! Signs in at the local stack's page with nothing but a socket, so that this crate stays quick to build; and reads what a
//! program says that waits for it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStdout};

use serde_json::Value;

/// Loads the sign-in page at `url`, submits its form, and gives the address that the browser is sent to.
pub(crate) fn sign_in(url: &str, login: &str, password: &str) -> Result<String, String> {
    let (origin, target) = split_url(url)?;
    let page = exchange(origin, &format!("GET {target} HTTP/1.1\r\nHost: {origin}\r\nConnection: close\r\n\r\n"))?;
    let form = attribute(&page, "<form", "action").ok_or("the page has no form")?;
    let token = attribute(&page, "name=\"form_token\"", "value").ok_or("the form has no token")?;
    let body = [("form_token", token.as_str()), ("username", login), ("password", password), ("action", "sign_in")]
        .map(|(name, value)| format!("{name}={}", percent_encode(value)))
        .join("&");
    let path = form.strip_prefix(&format!("http://{origin}")).unwrap_or(&form);
    let cookies: Vec<&str> = header_values(&page, "set-cookie").filter_map(|cookie| cookie.split(';').next()).collect();
    let answer = exchange(
        origin,
        &format!(
            "POST {path} HTTP/1.1\r\nHost: {origin}\r\nCookie: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            cookies.join("; "),
            body.len()
        ),
    )?;
    let redirect = header_values(&answer, "location").next().map(str::to_owned);
    redirect.ok_or_else(|| "the sign-in page did not accept the user".to_owned())
}

/// The first line of a program's output, as JSON, and the rest: a program whose output nobody holds may end.
pub(crate) fn first_event(child: &mut Child) -> Result<(Value, BufReader<ChildStdout>), String> {
    let mut output = BufReader::new(child.stdout.take().ok_or("the output is not captured")?);
    let mut line = String::new();
    output.read_line(&mut line).map_err(|error| error.to_string())?;
    Ok((serde_json::from_str(&line).map_err(|error| format!("no JSON came: {error}"))?, output))
}

pub(crate) fn text(value: &Value, name: &str) -> Result<String, String> {
    value[name].as_str().map(str::to_owned).ok_or_else(|| format!("`{name}` is missing in the answer"))
}

fn split_url(url: &str) -> Result<(&str, &str), String> {
    let rest = url.strip_prefix("http://").ok_or("the local stack's address is not plain http")?;
    let slash = rest.find('/').ok_or("the address has no path")?;
    Ok(rest.split_at(slash))
}

fn exchange(authority: &str, request: &str) -> Result<String, String> {
    let answer = || -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(authority)?;
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.take(1024 * 1024).read_to_end(&mut answer)?;
        Ok(answer)
    };
    let answer = answer().map_err(|error| format!("the local stack did not answer: {error}"))?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn header_values<'a>(answer: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    let head = answer.split("\r\n\r\n").next().unwrap_or_default();
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .filter(move |(header, _)| header.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

/// The value of an attribute that follows `marker` in the same element.
fn attribute(page: &str, marker: &str, name: &str) -> Option<String> {
    let element = page.split_once(marker)?.1.split_once('>')?.0;
    let value = element.split_once(&format!("{name}=\""))?.1.split_once('"')?.0;
    Some(value.replace("&amp;", "&"))
}

fn percent_encode(value: &str) -> String {
    value
        .bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_found_in_their_element() {
        let page =
            r#"<form method="post" action="/a?b=1&amp;c=2"><input name="form_token" value="t-1"><input value="x">"#;
        assert_eq!(attribute(page, "<form", "action").as_deref(), Some("/a?b=1&c=2"));
        assert_eq!(attribute(page, "name=\"form_token\"", "value").as_deref(), Some("t-1"));
        assert_eq!(attribute(page, "name=\"missing\"", "value"), None);
    }

    #[test]
    fn form_values_are_encoded() {
        assert_eq!(percent_encode("a b+é"), "a%20b%2B%C3%A9");
    }
}
