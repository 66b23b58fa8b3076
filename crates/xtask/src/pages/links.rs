//! Links within the repository, as GitHub follows them: to files, to folders, and to headings by the anchors that it makes of
//! them.

use std::collections::{BTreeMap, BTreeSet};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::files::Files;

/// What a page links to, and what can be linked to in it.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// With the line of each.
    links: Vec<(usize, String)>,
    anchors: BTreeSet<String>,
}

/// Each link that leads nowhere, with its place.
pub(super) fn broken(files: &Files) -> Vec<String> {
    let pages = files.texts.iter().filter(|(path, _)| path.ends_with(".md"));
    let pages: BTreeMap<_, _> = pages.map(|(path, text)| (path.as_str(), Page::read(text))).collect();
    let mut broken = Vec::new();
    for (path, page) in &pages {
        for (line, link) in &page.links {
            if let Some(problem) = problem_of(files, &pages, path, link) {
                broken.push(format!("{path}:{line}: {link}: {problem}"));
            }
        }
    }
    broken
}

fn problem_of(files: &Files, pages: &BTreeMap<&str, Page>, from: &str, link: &str) -> Option<&'static str> {
    let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    let target = if path.is_empty() { Some(from.to_owned()) } else { join(from, path) };
    let Some(target) = target else { return Some("it leads out of the repository") };
    if !target.is_empty() && !files.has(&target) {
        return Some("there is no such file");
    }
    match (pages.get(target.as_str()), anchor) {
        (_, None) => None,
        (Some(page), Some(anchor)) if page.anchors.contains(anchor) => None,
        (Some(_), Some(_)) => Some("the page has no such heading"),
        (None, Some(_)) => Some("only pages have headings"),
    }
}

/// Where a relative path leads from a file.
fn join(from: &str, path: &str) -> Option<String> {
    let mut place: Vec<_> = from.split('/').collect();
    place.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(place.pop()?),
            name => place.push(name),
        }
    }
    Some(place.join("/"))
}

impl Page {
    pub(super) fn read(text: &str) -> Self {
        let mut page = Self::default();
        let mut heading: Option<String> = None;
        let mut seen = BTreeMap::new();
        for (event, range) in
            Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES).into_offset_iter()
        {
            let line = || line_at(text, range.start);
            match event {
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    let slug = slug(&heading.take().unwrap_or_default());
                    let count = seen.entry(slug.clone()).and_modify(|count| *count += 1).or_insert(0);
                    page.anchors.insert(if *count == 0 { slug } else { format!("{slug}-{count}") });
                }
                Event::Text(text) | Event::Code(text) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&text);
                    }
                }
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.add_link(line, &dest_url);
                }
                Event::Html(html) | Event::InlineHtml(html) => {
                    ["href", "src", "srcset"].iter().flat_map(|name| attributes(&html, name)).for_each(|link| {
                        page.add_link(line, link);
                    });
                    page.anchors
                        .extend(["id", "name"].iter().flat_map(|name| attributes(&html, name)).map(str::to_owned));
                }
                _ => {}
            }
        }
        page
    }

    fn add_link(&mut self, line: impl Fn() -> usize, link: &str) {
        let has_scheme = link.split(['/', '#', '?']).next().is_some_and(|start| start.contains(':'));
        if !has_scheme {
            self.links.push((line(), link.to_owned()));
        }
    }
}

/// The line of a place in a text, counted from one.
pub(super) fn line_at(text: &str, place: usize) -> usize {
    text[..place].matches('\n').count() + 1
}

/// What GitHub makes of a heading: letters and digits in small, spaces as dashes.
fn slug(heading: &str) -> String {
    let kept = heading.chars().filter_map(|character| match character {
        ' ' => Some('-'),
        '-' | '_' => Some(character),
        _ => character.is_alphanumeric().then_some(character),
    });
    kept.flat_map(char::to_lowercase).collect()
}

/// The values of an attribute in a piece of HTML.
fn attributes<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!(" {name}=\"");
    html.split(start.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}
