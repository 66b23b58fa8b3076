//! Just enough HTML reading for the scripted browser: the one form of a page, and what the page says went wrong.

/// The form of a page, ready to be filled in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Form {
    /// Where it is sent to, as the page writes it.
    pub action: String,
    /// Names and values of its hidden fields.
    pub hidden: Vec<(String, String)>,
}

/// The first form of a page.
pub(crate) fn find_form(page: &str) -> Option<Form> {
    let start = find_tag(page, "form")?;
    let inside = page[start.end..].split("</form").next().unwrap_or_default();
    let mut hidden = Vec::new();
    let mut rest = inside;
    while let Some(input) = find_tag(rest, "input") {
        let attributes = &rest[input.clone()];
        if read_attribute(attributes, "type").as_deref() == Some("hidden") {
            let name = read_attribute(attributes, "name")?;
            hidden.push((name, read_attribute(attributes, "value").unwrap_or_default()));
        }
        rest = &rest[input.end..];
    }
    Some(Form { action: read_attribute(&page[start], "action")?, hidden })
}

/// The text of the element that a page marks as an alert.
pub(crate) fn find_alert(page: &str) -> Option<String> {
    let after = &page[page.find("role=\"alert\"")?..];
    let text = after.split_once('>')?.1.split('<').next()?;
    Some(decode_entities(text.trim()))
}

/// Where the attributes of the first `<name …>` are.
fn find_tag(page: &str, name: &str) -> Option<std::ops::Range<usize>> {
    let open = format!("<{name} ");
    let start = page.find(&open)? + open.len();
    // An attribute's value may hold a `>`, so quotes are counted.
    let mut quoted = false;
    let length = page[start..].find(|c| {
        quoted ^= c == '"';
        c == '>' && !quoted
    })?;
    Some(start..start + length)
}

fn read_attribute(attributes: &str, name: &str) -> Option<String> {
    let padded = format!(" {attributes}");
    let (_, after) = padded.split_once(&format!(" {name}=\""))?;
    Some(decode_entities(after.split('"').next()?))
}

/// The entities that `maud` writes; `&amp;` last, so that nothing is decoded twice.
fn decode_entities(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_with_its_hidden_fields() {
        let page = r#"<p>x</p><form method="post" action="/a?b=1&amp;c=2"><input type="hidden" name="t" value="&lt;&quot;&amp;lt;>">
            <input type="text" name="u" value="v"><input type="hidden" name="e"></form><input type="hidden" name="z" value="z">"#;
        let form = find_form(page).unwrap();
        assert_eq!(form.action, "/a?b=1&c=2");
        assert_eq!(form.hidden, [("t".to_owned(), "<\"&lt;>".to_owned()), ("e".to_owned(), String::new())]);
        assert_eq!(find_form("<p>no form</p>"), None);
    }

    #[test]
    fn an_alert_is_read_as_text() {
        assert_eq!(find_alert(r#"<p class="x" role="alert" id="p"> a &lt;b&gt; </p>"#).as_deref(), Some("a <b>"));
        assert_eq!(find_alert("<p>fine</p>"), None);
    }
}
