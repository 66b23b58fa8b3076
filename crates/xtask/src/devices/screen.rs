//! What an Android device shows, as `uiautomator dump` writes it: found by what a person reads there.
//!
//! Source: AOSP, frameworks/base, cmds/uiautomator, `AccessibilityNodeInfoDumper.java` for the attributes, and
//! `DumpCommand.java` for the answers. It ends with 0 when it fails, so what it says decides.

use roxmltree::Document;

/// One thing on the screen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Node {
    text: String,
    description: String,
    id: String,
    class: String,
    is_password: bool,
    /// And everything around it: Compose has a button's text inside of the button.
    is_enabled: bool,
    /// Left, top, right, bottom.
    bounds: [i32; 4],
}

impl Node {
    /// Where a finger goes.
    pub(crate) fn center(&self) -> (i32, i32) {
        let [left, top, right, bottom] = self.bounds;
        (i32::midpoint(left, right), i32::midpoint(top, bottom))
    }

    #[cfg(test)]
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.is_enabled
    }

    /// What it says, to eyes or to TalkBack.
    pub(crate) fn words(&self) -> &str {
        if self.text.is_empty() { &self.description } else { &self.text }
    }

    fn is_there(&self) -> bool {
        self.bounds[0] < self.bounds[2] && self.bounds[1] < self.bounds[3]
    }

    fn is_field(&self) -> bool {
        self.class == "android.widget.EditText"
    }
}

/// Everything on the screen, from the top down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Screen {
    nodes: Vec<Node>,
}

impl Screen {
    pub(crate) fn parse(dump: &str) -> Result<Self, String> {
        let document = Document::parse(dump).map_err(|error| format!("the screen's dump is no XML: {error}"))?;
        let nodes = document.descendants().filter(|element| element.has_tag_name("node")).map(|element| {
            let of = |name: &str| element.attribute(name).unwrap_or_default();
            Node {
                text: plain(of("text")),
                description: plain(of("content-desc")),
                id: of("resource-id").to_owned(),
                class: of("class").to_owned(),
                is_password: of("password") == "true",
                is_enabled: element.ancestors().all(|around| around.attribute("enabled") != Some("false")),
                bounds: bounds(of("bounds")).unwrap_or_default(),
            }
        });
        Ok(Self { nodes: nodes.filter(Node::is_there).collect() })
    }

    /// By the words that a person reads, or hears from TalkBack.
    pub(crate) fn saying(&self, words: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.text == words || node.description == words)
    }

    /// All whose words have these in them.
    pub(crate) fn mentioning<'a>(&'a self, words: &'a str) -> impl Iterator<Item = &'a Node> {
        self.nodes.iter().filter(move |node| node.text.contains(words) || node.description.contains(words))
    }

    /// By the name of an app's view, `PACKAGE:id/NAME`, or of an element in a page, which Chrome gives as it stands there.
    pub(crate) fn by_id(&self, id: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id == id)
    }

    /// By its words, and what it is: a page's title has the same words.
    pub(crate) fn button(&self, words: &str) -> Option<&Node> {
        let is_button = |node: &&Node| node.class == "android.widget.Button" && node.words() == words;
        self.nodes.iter().find(is_button)
    }

    /// The field of this name in a page; where the browser gives no names, the first that is for such text.
    pub(crate) fn field(&self, id: &str, is_password: bool) -> Option<&Node> {
        let fields = || self.nodes.iter().filter(|node| node.is_field() && node.is_password == is_password);
        fields().find(|node| node.id == id).or_else(|| fields().find(|node| node.id.is_empty()))
    }

    /// Width and height.
    pub(crate) fn size(&self) -> (i32, i32) {
        let edge = |side: usize| self.nodes.iter().map(|node| node.bounds[side]).max().unwrap_or_default();
        (edge(2), edge(3))
    }

    /// For messages.
    pub(crate) fn describe(&self) -> String {
        let words: Vec<_> = self.nodes.iter().map(Node::words).filter(|words| !words.is_empty()).collect();
        if words.is_empty() { "nothing that can be read".to_owned() } else { format!("\"{}\"", words.join("\", \"")) }
    }
}

/// Without the marks that keep a text of its own direction apart (Unicode, UAX 9: isolates), which nobody sees.
fn plain(text: &str) -> String {
    text.chars().filter(|character| !matches!(character, '\u{2066}'..='\u{2069}')).collect()
}

/// `[0,63][1080,1731]`.
fn bounds(text: &str) -> Option<[i32; 4]> {
    let mut numbers = text.split(['[', ']', ',']).filter(|part| !part.is_empty()).map(str::parse);
    let mut next = || numbers.next()?.ok();
    Some([next()?, next()?, next()?, next()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As an emulator of API 34 writes it; a button of Compose has its text in a node of its own.
    const APP: &str = r#"<?xml version='1.0' encoding='UTF-8' standalone='yes' ?><hierarchy rotation="0"><node index="0" text="" resource-id="" class="android.widget.FrameLayout" package="dev.jetbridge.app.local" content-desc="" checkable="false" checked="false" clickable="false" enabled="true" focusable="false" focused="false" scrollable="false" long-clickable="false" password="false" selected="false" bounds="[0,0][1080,2400]"><node index="0" text="" resource-id="" class="android.view.View" package="dev.jetbridge.app.local" content-desc="" checkable="false" checked="false" clickable="true" enabled="true" focusable="true" focused="false" scrollable="false" long-clickable="false" password="false" selected="false" bounds="[53,1600][1027,1747]"><node index="0" text="Okta Login" resource-id="" class="android.widget.TextView" package="dev.jetbridge.app.local" content-desc="" checkable="false" checked="false" clickable="false" enabled="true" focusable="false" focused="false" scrollable="false" long-clickable="false" password="false" selected="false" bounds="[430,1640][650,1707]" /></node><node index="1" text="" resource-id="" class="android.view.View" package="dev.jetbridge.app.local" content-desc="" checkable="false" checked="false" clickable="true" enabled="false" focusable="false" focused="false" scrollable="false" long-clickable="false" password="false" selected="false" bounds="[53,1779][1027,1926]"><node index="0" text="AWS SDK Call" resource-id="" class="android.widget.TextView" package="dev.jetbridge.app.local" content-desc="" checkable="false" checked="false" clickable="false" enabled="true" focusable="false" focused="false" scrollable="false" long-clickable="false" password="false" selected="false" bounds="[400,1819][680,1886]" /></node><node index="2" text="" resource-id="" class="android.view.View" package="dev.jetbridge.app.local" content-desc="&#8296;a &amp; b.txt&#8297;, 12 B, changed today" checkable="false" checked="false" clickable="true" enabled="true" focusable="true" focused="false" scrollable="false" long-clickable="false" password="false" selected="false" bounds="[0,2000][1080,2160]" /><node index="3" text="gone" resource-id="" class="android.view.View" package="dev.jetbridge.app.local" content-desc="" enabled="true" password="false" bounds="[0,0][0,0]" /></node></hierarchy>"#;

    #[test]
    fn things_are_found_by_their_words_and_tapped_in_the_middle() {
        let screen = Screen::parse(APP).unwrap();
        assert_eq!(screen.saying("Okta Login").unwrap().center(), (540, 1673));
        assert!(screen.saying("Okta Login").unwrap().is_enabled());
        assert!(!screen.saying("AWS SDK Call").unwrap().is_enabled(), "the button around it is not enabled");
        let rows: Vec<_> = screen.mentioning(", changed ").map(Node::words).collect();
        assert_eq!(rows, ["a & b.txt, 12 B, changed today"]);
        assert_eq!(screen.saying("gone"), None, "what has no extent cannot be tapped");
        assert_eq!(screen.button("Okta Login"), None);
        assert_eq!((screen.size(), Screen::default().size()), ((1080, 2400), (0, 0)));
        assert!(screen.describe().starts_with("\"Okta Login\", "));
    }

    #[test]
    fn fields_are_found_by_name_or_by_kind() {
        let field = |id: &str, password: bool| {
            format!(
                "<node class=\"android.widget.EditText\" resource-id=\"{id}\" password=\"{password}\" bounds=\"[0,0][9,9]\"/>"
            )
        };
        let named = Screen::parse(&format!("<h>{}{}</h>", field("search", false), field("username", false))).unwrap();
        assert_eq!(named.field("username", false).unwrap().id(), "username");
        assert_eq!(named.field("password", true), None);
        let nameless = Screen::parse(&format!("<h>{}{}</h>", field("", true), field("", false))).unwrap();
        assert!(nameless.field("password", true).unwrap().is_password);
        assert!(!nameless.field("username", false).unwrap().is_password);
        assert_eq!(
            Screen::parse(&format!("<h>{}</h>", field("url_bar", false))).unwrap().field("username", false),
            None
        );
    }

    #[test]
    fn what_is_no_dump_is_told() {
        assert!(Screen::parse("ERROR: could not get idle state.").is_err());
        assert_eq!(bounds("[0,63][1080,-5]"), Some([0, 63, 1080, -5]));
        assert_eq!((bounds("[0,63]"), bounds("")), (None, None));
    }
}
