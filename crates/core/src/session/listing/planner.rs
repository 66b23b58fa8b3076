//! What to ask S3 for when a listing has several requests under way at a time, and in which order the answers belong.
//!
//! S3 lists in the order of the keys, and says only page by page where the next page begins; one after another, pages
//! cost a round trip each. So this cuts what is left of the key space into ranges (after, until] that are listed side
//! by side, each of them page by page. It does no I/O: whoever runs it sends what [`Planner::next_request`] says,
//! brings the answers to [`Planner::answer`] in any order, and takes finished pages, in S3's order, with
//! [`Planner::take`].
//!
//! Why no key is missed and none comes twice: the ranges lie in order and without a gap, each begins behind where the
//! one before it ends. Only [`Planner::split`] changes their ends: (after, until] becomes (after, cut] and (cut,
//! until], and the cut lies behind every key that was kept of the range so far. Of each page a range keeps what lies
//! behind what it has and not behind its `until`; it is over when S3 says that there is no more, or shows a key behind
//! `until`, and goes away when its pages have been taken. Each range is listed by itself from `StartAfter` with S3's
//! own tokens, one request at a time, so that its pages come in order, may be short or empty, and a key that stays
//! while others come and go is in the answer of the one range it lies in.
//!
//! Where to cut is guesswork ([`Ruler`]), and a matter of speed and of requests only: a piece of some pages in front of
//! what has been seen, so that most pages are full, the first ranges first, so that what is held stays little. A wrong
//! guess costs a request, so guesses get fewer as they go wrong, until the listing is one by one again.

use std::collections::VecDeque;

use super::ruler::{Places, Ruler, Span};
use crate::aws::s3::{ListedEntry, Origin};

/// Pages that are held or under way at most, for each request at a time.
const HELD: usize = 6;
/// Pages of a piece that is cut off, in hundredths. Whole ones, but for a little: what ends just behind a full page
/// costs a request for nothing.
const PIECE: u32 = 380;
/// Ranges that have so many pages left are worth a cut.
const WORTH_A_CUT: f64 = 6.0;
/// Pages that were not needed, of those that came, before no more cuts are made: so many, and this share of those that
/// were. Piece by piece a little is lost at the end; more is lost where keys are not where they were to be expected.
const WASTE: f64 = 3.0;
const WASTE_SHARE: f64 = 0.25;
/// S3 has no longer keys, in bytes.
const LONGEST_KEY: usize = 1024;

/// Asks for one page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    /// Names it in [`Planner::answer`] and [`Planner::end_before`].
    pub id: u64,
    pub origin: Origin,
}

/// The server does not list in the order of the keys, and too much of it has been asked for to go on in the server's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Disorder;

#[derive(Debug)]
enum Next {
    Ask(Origin),
    Asked(u64, Origin),
    Done,
}

/// The keys behind `after`, up to and with `until`. One request at a time.
#[derive(Debug)]
struct Range {
    /// Empty for the first.
    after: String,
    until: Option<String>,
    next: Next,
    /// Nothing of it has been seen.
    is_blind: bool,
    /// The last key that was kept.
    last: Option<String>,
    /// Up to this key, pages of ranges before have shown what there is.
    known: String,
    /// About a page of it, or of what lies before it.
    span: Option<Span>,
    pages: VecDeque<Vec<ListedEntry>>,
}

impl Range {
    fn new(after: String, until: Option<String>, origin: Origin, span: Option<Span>) -> Self {
        let (next, known, pages) = (Next::Ask(origin), String::new(), VecDeque::new());
        Self { after, until, next, is_blind: true, last: None, known, span, pages }
    }

    /// What it has ends here.
    fn reached(&self) -> &str {
        self.last.as_deref().unwrap_or(&self.after)
    }

    /// What is known of it ends here.
    fn known(&self) -> &str {
        self.reached().max(&self.known)
    }

    fn is_done(&self) -> bool {
        matches!(self.next, Next::Done)
    }

    /// What was asked for of it does not continue what it has.
    fn is_out_of_order(&self, entries: &[ListedEntry]) -> bool {
        let goes_back =
            matches!((entries.first(), &self.last), (Some(first), Some(last)) if first.key() < last.as_str());
        goes_back || !entries.is_sorted_by(|left, right| left.key() < right.key())
    }
}

/// Plans one listing.
#[derive(Debug)]
pub(super) struct Planner {
    parallel: usize,
    prefix: String,
    ranges: VecDeque<Range>,
    /// Requests that were given out.
    asked: u64,
    /// How many there were when the server was last asked too much at a time.
    asked_too_much: u64,
    /// The server lists in the order of the keys, as far as is known.
    has_order: bool,
    places: Places,
    /// No key lies behind this one, as far as is known.
    end: Option<String>,
    /// Cuts that may be under way without an answer: more after each that was right, half as many after one that was
    /// wrong.
    daring: usize,
    /// Pages that a listing one by one would have fetched too, and others, of those that came.
    useful: f64,
    wasted: f64,
}

impl Planner {
    /// With up to `parallel` requests at a time, for the keys that begin with `prefix`.
    pub(super) fn new(parallel: usize, prefix: &str) -> Self {
        Self {
            parallel: parallel.max(1),
            prefix: prefix.to_owned(),
            ranges: VecDeque::from([Range::new(String::new(), None, Origin::Beginning, None)]),
            asked: 0,
            asked_too_much: 0,
            has_order: true,
            places: Places::default(),
            end: None,
            daring: 1,
            useful: 0.0,
            wasted: 0.0,
        }
    }

    /// What to ask for next; `None` while enough is under way, enough is held for somebody who still wants so many pages,
    /// or there is nothing more.
    pub(super) fn next_request(&mut self, wanted: usize) -> Option<Request> {
        let under_way = self.under_way();
        if under_way >= self.parallel.min(wanted) {
            return None;
        }
        let full = wanted.min(self.parallel * HELD);
        let used = under_way + self.held();
        // The first ranges first: theirs is what the caller waits for, and what gives room again.
        let mut ahead = 0.0;
        for at in 0..self.ranges.len() {
            // What is to come before has to find room, or it would come one by one in the end. For the first there is
            // always room but for its own pages, so that the listing goes on.
            let is_waited_for = at == 0 && self.ranges.front().is_some_and(|first| first.pages.is_empty());
            let kept_free = if at == 0 { 0 } else { 1 + (ahead as usize).min(full / 2) };
            if used + kept_free >= full && !is_waited_for {
                return None;
            }
            if let Some(request) = self.ask(at) {
                return Some(request);
            }
            let left = self.pages_left(at);
            let piece = left.min(f64::from(PIECE) / 100.0);
            let room = used + 1 + ((ahead + piece) as usize).min(full / 2) < full;
            if room && left >= WORTH_A_CUT && self.may_cut() && self.split(at) {
                return self.ask(at + 1);
            }
            ahead += left;
        }
        None
    }

    /// Takes the answer to a request: objects and common prefixes together, and the token if there is more.
    pub(super) fn answer(
        &mut self,
        id: u64,
        mut entries: Vec<ListedEntry>,
        next: Option<String>,
    ) -> Result<(), Disorder> {
        let Some(mut at) = self.position(id) else { return Ok(()) };
        if self.has_order && self.ranges.get(at).is_some_and(|range| range.is_out_of_order(&entries)) {
            self.go_on_without_order()?;
            at = self.position(id).unwrap_or(usize::MAX);
        }
        let Some(range) = self.ranges.get_mut(at) else { return Ok(()) };
        if !self.has_order {
            range.next = next.map_or(Next::Done, |token| Next::Ask(Origin::Continued(token)));
            range.pages.extend(Some(entries).filter(|entries| !entries.is_empty()));
            self.drop_finished();
            return Ok(());
        }
        if self.parallel > 1 {
            self.places.learn(range.reached(), range.last.is_none(), entries.iter().map(ListedEntry::key));
        }
        let span = span(&entries);
        let returned = entries.len();
        let shown = entries.last().map_or_else(|| range.reached().to_owned(), |entry| entry.key().to_owned());
        let is_all = next.is_none();

        // Servers that know no `StartAfter` begin before it, and some show a common prefix again in which it lies.
        let old = entries.partition_point(|entry| entry.key() <= range.reached());
        entries.drain(..old);
        let until = range.until.as_deref();
        let own = entries.partition_point(|entry| until.is_none_or(|until| entry.key() <= until));
        let is_behind = own < entries.len();
        entries.truncate(own);
        if let Some(last) = entries.last() {
            range.last = Some(last.key().to_owned());
        }
        let is_full = range.last.is_some() && range.last == range.until;
        range.next = match next {
            Some(token) if !is_behind && !is_full => Next::Ask(Origin::Continued(token)),
            _ => Next::Done,
        };
        range.pages.extend(Some(entries).filter(|entries| !entries.is_empty()));

        let was_blind = std::mem::replace(&mut range.is_blind, false);
        let waste = match returned {
            0 if was_blind && is_all => 1.0,
            0 => 0.0,
            _ => (returned - own) as f64 / returned as f64,
        };
        self.rate(waste, was_blind);
        self.spread(at, &shown, span.as_ref(), is_all);
        self.drop_finished();
        Ok(())
    }

    /// Goes on in the server's own order, which only tokens know. Only while nothing was taken but of the first range, and
    /// that has a token: it began where the bucket begins.
    fn go_on_without_order(&mut self) -> Result<(), Disorder> {
        let first = self.ranges.front_mut().filter(|first| first.after.is_empty() && !first.is_done());
        first.ok_or(Disorder)?.until = None;
        self.ranges.truncate(1);
        self.has_order = false;
        self.daring = 0;
        Ok(())
    }

    /// The server refused this request because it is asked too much: it is asked for again, with half as many at a time from
    /// now on. False if there was no other at the same time: fewer will not help.
    ///
    /// "Gradually increase the request rate and retry failed requests using an exponential backoff algorithm" (AWS Knowledge
    /// Center on 503 Slow Down within the supported rate, 2020-01-14): retrying is done before this is called.
    pub(super) fn ask_again(&mut self, id: u64) -> bool {
        let under_way = self.under_way();
        let Some(range) = self.position(id).and_then(|at| self.ranges.get_mut(at)) else { return true };
        // Those of before the last time are no news.
        let is_news = id >= self.asked_too_much;
        if is_news && under_way < 2 {
            return false;
        }
        if let Next::Asked(_, origin) = &range.next {
            range.next = Next::Ask(origin.clone());
        }
        if is_news {
            self.parallel = (under_way.min(self.parallel) / 2).max(1);
            self.asked_too_much = self.asked;
        }
        true
    }

    /// The listing ends where this request's answer would have begun; what lies before is still to come. False if it ends
    /// before that already.
    pub(super) fn end_before(&mut self, id: u64) -> bool {
        let Some(at) = self.position(id) else { return false };
        self.ranges.truncate(at + 1);
        if let Some(last) = self.ranges.back_mut() {
            last.next = Next::Done;
        }
        self.drop_finished();
        true
    }

    fn drop_finished(&mut self) {
        self.ranges.retain(|range| !range.is_done() || !range.pages.is_empty());
    }

    /// The next page, in order and never empty; `None` if it has not come yet, or all is over.
    pub(super) fn take(&mut self) -> Option<Vec<ListedEntry>> {
        let page = self.ranges.front_mut()?.pages.pop_front();
        self.drop_finished();
        page
    }

    /// All has been taken.
    pub(super) fn is_finished(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Pages that wait to be taken.
    fn held(&self) -> usize {
        self.ranges.iter().map(|range| range.pages.len()).sum()
    }

    fn under_way(&self) -> usize {
        self.ranges.iter().filter(|range| matches!(range.next, Next::Asked(..))).count()
    }

    fn position(&self, id: u64) -> Option<usize> {
        self.ranges.iter().position(|range| matches!(range.next, Next::Asked(asked, _) if asked == id))
    }

    /// The range's next page, unless it is under way or there is none.
    fn ask(&mut self, at: usize) -> Option<Request> {
        let range = self.ranges.get_mut(at)?;
        let Next::Ask(origin) = &range.next else { return None };
        let request = Request { id: self.asked, origin: origin.clone() };
        range.next = Next::Asked(request.id, request.origin.clone());
        self.asked += 1;
        Some(request)
    }

    /// A guess at how much of a range is still to come.
    fn pages_left(&self, at: usize) -> f64 {
        let Some(range) = self.ranges.get(at).filter(|range| !range.is_done()) else { return 0.0 };
        let Some(until) = self.until(range) else { return f64::INFINITY };
        match self.ruler(range) {
            Some(ruler) => ruler.pages_between(range.known(), until),
            None => 1.0,
        }
    }

    fn until<'a>(&'a self, range: &'a Range) -> Option<&'a str> {
        [range.until.as_deref(), self.end.as_deref()].into_iter().flatten().min()
    }

    fn ruler(&self, range: &Range) -> Option<Ruler> {
        Ruler::new(&self.places, range.span.as_ref()?, self.prefix.chars().count())
    }

    /// Cuts are guesses: only some at a time, so that a wrong one does not cost as many requests as there may be at a
    /// time, few while little is known, and none where they went wrong too often.
    fn may_cut(&self) -> bool {
        let blind = self.ranges.iter().filter(|range| range.is_blind).count();
        let active = self.ranges.iter().filter(|range| !range.is_done()).count();
        blind < self.daring && active < 2 * self.parallel && self.wasted < WASTE + WASTE_SHARE * self.useful
    }

    /// Takes into account how much of an answer was not needed.
    fn rate(&mut self, waste: f64, was_blind: bool) {
        self.wasted += waste;
        self.useful += 1.0 - waste;
        if was_blind {
            let daring = if waste < 0.5 { self.daring + 1 } else { self.daring / 2 };
            self.daring = daring.clamp(1, self.parallel.div_ceil(2));
        }
    }

    /// A page shows all that there is up to its last key, and so something of the ranges too that follow its own.
    fn spread(&mut self, at: usize, shown: &str, span: Option<&Span>, is_all: bool) {
        if is_all && self.end.as_deref().is_none_or(|end| shown < end) {
            self.end = Some(shown.to_owned());
        }
        let Some(span) = span else { return };
        if let Some(range) = self.ranges.get_mut(at) {
            range.span = Some(span.clone());
        }
        for range in self.ranges.iter_mut().skip(at + 1).filter(|range| range.known() < shown) {
            range.known = shown.to_owned();
            range.span = Some(span.clone());
        }
    }

    /// Cuts a piece off a range, some pages in front of what is known. What is under way for the range goes on: of what
    /// it brings, only what is not behind the cut will be kept, and the new range lists what is.
    fn split(&mut self, at: usize) -> bool {
        let Some(range) = self.ranges.get(at) else { return false };
        let Some(cut) = self.cut(range) else { return false };
        let rest = Range::new(cut.clone(), range.until.clone(), Origin::After(cut.clone()), range.span.clone());
        if let Some(range) = self.ranges.get_mut(at) {
            range.until = Some(cut);
        }
        self.ranges.insert(at + 1, rest);
        true
    }

    /// Always behind what is known, and so behind what was kept.
    fn cut(&self, range: &Range) -> Option<String> {
        let span = range.span.as_ref()?;
        let (from, until) = (range.known(), self.until(range));
        let is_inside = |cut: &String| {
            cut.as_str() > from
                && until.is_none_or(|until| cut.as_str() < until)
                && cut.starts_with(&self.prefix)
                && cut.len() <= LONGEST_KEY
        };
        let further = self.ruler(range).and_then(|ruler| ruler.further(from, PIECE));
        // Behind the last that can be counted to lies the next folder.
        further.or_else(|| behind_folder(span)).filter(is_inside)
    }
}

fn span(entries: &[ListedEntry]) -> Option<Span> {
    let [first, .., last] = entries else { return None };
    let [first, middle, last] = [first, entries.get(entries.len() / 2)?, last].map(|entry| entry.key().to_owned());
    Some(Span { first, middle, last })
}

/// Behind all that is in the folder which a span lies in.
fn behind_folder(span: &Span) -> Option<String> {
    let same = span.first.bytes().zip(span.last.bytes()).take_while(|(first, last)| first == last).count();
    let folder = span.last.as_bytes().get(..same)?.iter().rposition(|byte| *byte == b'/')?;
    // '0' follows '/'.
    Some(format!("{}0", span.last.get(..folder)?))
}

#[cfg(test)]
mod tests;
