//! Where in the space of keys a number of pages ends that nobody has seen yet. A listing can only be split at a key
//! that is guessed: this guesses it from the keys that have been seen, by counting in them as on an odometer whose
//! wheels have the characters that occur in their place. Guesses cost requests when they are wrong, never keys: nothing
//! here has to be right.

/// Places that are learnt: enough for any key that people think of, little enough that a bucket full of strange ones
/// does not take memory without end.
const MOST_SEGMENTS: usize = 32;
const MOST_PLACES: usize = 256;
const MOST_CHARACTERS: usize = 128;
/// Two places may change alike by chance, so another one is looked for when that shows; so often, and then it repeats none.
const MOST_LOOKS: u8 = 4;
/// How finely what is left and right of two keys' first difference is resolved. Together with what is left of it, and
/// times the pages of a piece, it has to fit into a `u128`.
const FINE: u128 = 1 << 40;
const WHOLE: u128 = 1 << 110;

/// The end of a key (`None`) comes before every character.
type Wheel = Vec<Option<char>>;

/// What has been seen in one place of the keys.
#[derive(Debug, Clone, Default)]
struct Place {
    seen: Wheel,
    /// The place to its left moved on, and nothing new has turned up since: so it has shown all that it has. Days end
    /// at 31.
    has_turned: bool,
    /// Neighbours differed here and nowhere before. What varies without it only repeats a place before it, as the day
    /// does in `2026/01/31/app-20260131.log`, or is finer than the keys lie.
    leads: bool,
    /// The place that it repeats, if it does.
    repeats: Option<(usize, usize)>,
    /// How often it was looked for.
    looked: u8,
}

impl Place {
    fn see(&mut self, character: Option<char>) {
        if let Err(at) = self.seen.binary_search(&character)
            && self.seen.len() < MOST_CHARACTERS
        {
            self.seen.insert(at, character);
            self.has_turned = false;
        }
    }
}

/// What has been seen in every place, counted from the last `/`: folders whose names differ in length hold the same
/// below.
#[derive(Debug, Default)]
pub(super) struct Places {
    segments: Vec<Vec<Place>>,
}

impl Places {
    /// Learns from keys that follow each other, and `after`, with nothing in between; which may be a guess, and no key.
    pub(super) fn learn<'a>(&mut self, after: &str, is_guess: bool, keys: impl Iterator<Item = &'a str>) {
        let mut before: Vec<char> = after.chars().collect();
        let mut key = Vec::new();
        for (nth, text) in keys.enumerate() {
            key.clear();
            key.extend(text.chars());
            self.learn_pair(&before, &key, is_guess && nth == 0);
            std::mem::swap(&mut before, &mut key);
        }
    }

    /// Two keys that follow each other, of which the former may be a guess.
    fn learn_pair(&mut self, before: &[char], key: &[char], is_guess: bool) {
        let same = common(before, key);
        let (mut segment, mut offset) = address(key, same);
        let mut turns = false;
        for at in same..=key.len() {
            let character = key.get(at).copied();
            let changes = !is_guess && before.get(at) != key.get(at);
            let is_like = |other: usize| before.get(other) == before.get(at) && key.get(other) == key.get(at);
            if let Some(place) = self.place_mut(segment, offset) {
                if changes && place.looked < MOST_LOOKS {
                    let is_known = place.repeats.and_then(|other| find(key, other, at)).is_some_and(is_like);
                    if !is_known {
                        place.looked += 1;
                        let found = (same..at).find(|other| place.looked < MOST_LOOKS && is_like(*other));
                        place.repeats = found.map(|other| address(key, other));
                    }
                }
                place.see(character);
                place.has_turned |= turns;
                place.leads |= at == same && !is_guess;
            }
            // What turned is the place after the one that moved on; what did not change there, or only repeats the
            // change, passes it on.
            turns = !before.is_empty() && (at == same || turns && (before.get(at) == key.get(at) || is_like(same)));
            (segment, offset) = if character == Some('/') { (segment + 1, 0) } else { (segment, offset + 1) };
        }
    }

    fn place_mut(&mut self, segment: usize, offset: usize) -> Option<&mut Place> {
        if segment >= MOST_SEGMENTS || offset >= MOST_PLACES {
            return None;
        }
        if self.segments.len() <= segment {
            self.segments.resize_with(segment + 1, Vec::new);
        }
        let places = self.segments.get_mut(segment)?;
        if places.len() <= offset {
            places.resize_with(offset + 1, Place::default);
        }
        places.get_mut(offset)
    }

    /// The place whose changes are repeated there, if nothing else changes it.
    fn repeated_at(&self, key: &[char], at: usize) -> Option<usize> {
        let (segment, offset) = address(key, at);
        let place = self.segments.get(segment)?.get(offset)?;
        find(key, place.repeats.filter(|_| !place.leads)?, at)
    }

    /// What may stand at `at` in keys like this one, unless it is too much to count in.
    fn wheel(&self, key: &[char], at: usize) -> Option<Wheel> {
        let own = key.get(at).copied();
        let (segment, offset) = address(key, at);
        let Some(place) = self.segments.get(segment).and_then(|places| places.get(offset)) else {
            return Some(vec![own]);
        };
        if place.seen.len() >= MOST_CHARACTERS {
            return None;
        }
        let mut wheel = place.seen.clone();
        let is_varied = wheel.len() > 1;
        if is_varied && !place.leads {
            return Some(vec![own]);
        }
        if !place.has_turned {
            wheel.extend(kin(key, at, is_varied).map(Some));
        }
        wheel.push(own);
        wheel.sort_unstable();
        wheel.dedup();
        Some(wheel)
    }
}

/// Segment and offset of a place.
fn address(key: &[char], at: usize) -> (usize, usize) {
    let left = key.get(..at).unwrap_or(key);
    let folders = left.iter().filter(|character| **character == '/').count();
    let offset = left.iter().rev().take_while(|character| **character != '/').count();
    (folders, offset)
}

/// Where a place is in this key, if it is before `end`.
fn find(key: &[char], (segment, offset): (usize, usize), end: usize) -> Option<usize> {
    let starts = key.iter().enumerate().filter(|(_, character)| **character == '/').map(|(at, _)| at + 1);
    let at = std::iter::once(0).chain(starts).nth(segment)? + offset;
    (at < end).then_some(at)
}

/// The characters that are likely beside the one at `at`: all digits beside a digit, all of an id's beside one of an
/// id's. Letters of a word that never varied (`logs`) have none.
fn kin(key: &[char], at: usize, is_varied: bool) -> impl Iterator<Item = char> + use<> {
    let is_part = |character: &&char| character.is_ascii_alphanumeric();
    let right = key.get(at..).unwrap_or_default().iter().take_while(is_part);
    let left = key.get(..at).unwrap_or_default().iter().rev().take_while(is_part);
    let own = key.get(at).filter(|own| own.is_ascii_alphanumeric());
    let run: Vec<char> = match own {
        Some(_) => left.collect::<Vec<_>>().into_iter().rev().chain(right).copied().collect(),
        None => Vec::new(),
    };
    // Letters and digits in turn are an id; `part0001` is a word and a number.
    let (segment, _) = address(key, at);
    let segment = key.split(|character| *character == '/').nth(segment).unwrap_or_default();
    let changes = segment.windows(2).filter(|pair| {
        let [left, right] = pair else { return false };
        left.is_ascii_digit() && right.is_ascii_alphabetic() || left.is_ascii_alphabetic() && right.is_ascii_digit()
    });
    let is_id = changes.count() > 1;
    let is_like = |like: fn(&char) -> bool| if is_id { run.iter().any(like) } else { own.is_some_and(like) };
    let has_digits = is_like(char::is_ascii_digit);
    let has_letters = is_id || is_varied;
    let last_of = |like: fn(&char) -> bool, hex: char, all: char| {
        let is_hex = is_id && run.iter().filter(|character| like(character)).all(|character| *character <= hex);
        (has_letters && is_like(like)).then_some(if is_hex { hex } else { all })
    };
    let upper = last_of(char::is_ascii_uppercase, 'F', 'Z').map(|last| 'A'..=last);
    let lower = last_of(char::is_ascii_lowercase, 'f', 'z').map(|last| 'a'..=last);
    let digits = has_digits.then_some('0'..='9');
    digits.into_iter().chain(upper).chain(lower).flatten()
}

fn common(left: &[char], right: &[char]) -> usize {
    left.iter().zip(right).take_while(|(left, right)| left == right).count()
}

/// Of a page the first key, the one in the middle, and the last.
#[derive(Debug, Clone)]
pub(super) struct Span {
    pub first: String,
    pub middle: String,
    pub last: String,
}

/// Turns keys near a span into numbers and back.
#[derive(Debug)]
pub(super) struct Ruler {
    /// What all keys on it begin with.
    prefix: Vec<char>,
    wheels: Vec<Wheel>,
    /// The layout of keys: what stands in each place of the span's last key.
    like: Vec<char>,
    /// Places that have what stands in others.
    repetitions: Vec<(usize, usize)>,
    size: u128,
    page: u128,
}

impl Ruler {
    /// None where the span says nothing. What is left of `fixed` characters stays as it is.
    pub(super) fn new(places: &Places, span: &Span, fixed: usize) -> Option<Self> {
        let (first, like): (Vec<char>, Vec<char>) = (span.first.chars().collect(), span.last.chars().collect());
        let differ = common(&first, &like);
        let (mut size, mut wheels) = (1_u128, Vec::new());
        for at in differ..like.len() {
            if size >= FINE {
                break;
            }
            let Some(wheel) = places.wheel(&like, at) else { break };
            size *= wheel.len() as u128;
            wheels.push(wheel);
        }
        let mut left = Vec::new();
        let mut is_same_folder = true;
        let (mut repeats, mut repetitions) = (false, Vec::new());
        for at in (fixed.min(differ)..differ).rev() {
            is_same_folder &= like.get(at) != Some(&'/');
            // What is left of a digit that only repeats is of the same number: `7/object-7000` goes on as `8/object-8000`.
            let is_digit = like.get(at).is_some_and(char::is_ascii_digit);
            let repeated = places.repeated_at(&like, at);
            repeats = is_digit && (repeats || repeated.is_some());
            if repeats {
                repetitions.extend(repeated.map(|other| (at, other)));
                left.push(vec![like.get(at).copied()]);
                continue;
            }
            let Some(mut wheel) = places.wheel(&like, at) else { break };
            // Folders are counted on where they have numbers. Behind `users/` comes no `usert/`.
            if !is_same_folder && !wheel.iter().flatten().any(char::is_ascii_digit) {
                wheel = vec![like.get(at).copied()];
            }
            if size * wheel.len() as u128 > WHOLE {
                break;
            }
            size *= wheel.len() as u128;
            left.push(wheel);
        }
        let prefix = like.get(..differ - left.len())?.to_vec();
        left.reverse();
        left.append(&mut wheels);
        let mut ruler = Self { prefix, wheels: left, like, repetitions, size, page: 0 };
        let [first, middle, last] = [&span.first, &span.middle, &span.last].map(|key| ruler.value(key));
        let (left, right) = (middle.saturating_sub(first), last.saturating_sub(middle));
        // A page that steps over a gap says little of the keys behind it, but its other half does.
        let (less, more) = (left.min(right), left.max(right));
        ruler.page = if less > 0 && more / less > 2 { 2 * less } else { less + more };
        (ruler.page > 0).then_some(ruler)
    }

    /// How many pages like the span lie between two keys.
    pub(super) fn pages_between(&self, from: &str, until: &str) -> f64 {
        self.value(until).saturating_sub(self.value(from)) as f64 / self.page as f64
    }

    /// The key so many hundredths of a page further on, unless the ruler ends before.
    pub(super) fn further(&self, from: &str, hundredths: u32) -> Option<String> {
        let value = self.value(from)
            + self.page / 100 * u128::from(hundredths)
            + self.page % 100 * u128::from(hundredths) / 100;
        (value < self.size).then(|| self.key(value))
    }

    fn value(&self, key: &str) -> u128 {
        let key: Vec<char> = key.chars().collect();
        let same = common(&self.prefix, &key);
        if same < self.prefix.len() {
            return if key.get(same) > self.prefix.get(same) { self.size } else { 0 };
        }
        let mut value = 0;
        let mut rest = self.size;
        for (wheel, at) in self.wheels.iter().zip(same..) {
            rest /= wheel.len() as u128;
            if self.repetitions.iter().any(|(place, _)| *place == at) {
                continue;
            }
            match wheel.binary_search(&key.get(at).copied()) {
                Ok(digit) => value += digit as u128 * rest,
                Err(digit) => return value + digit as u128 * rest,
            }
        }
        value
    }

    fn key(&self, value: u128) -> String {
        let mut key = self.prefix.clone();
        let (mut value, mut rest) = (value, self.size);
        for (wheel, at) in self.wheels.iter().zip(self.prefix.len()..) {
            rest /= wheel.len() as u128;
            let digit = usize::try_from(value / rest).unwrap_or(usize::MAX);
            value %= rest;
            let repeated =
                self.repetitions.iter().find(|(place, _)| *place == at).and_then(|(_, other)| key.get(*other));
            let Some(character) = repeated.copied().or_else(|| wheel.get(digit).copied().flatten()) else { break };
            key.push(character);
            // Another folder begins: what follows in this key's layout is not what follows there.
            if character == '/' && self.like.get(at) != Some(&'/') {
                break;
            }
        }
        key.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dates() -> Vec<String> {
        let days = (1..=2).flat_map(|month| (1..=if month == 1 { 31 } else { 9 }).map(move |day| (month, day)));
        let hours = days.flat_map(|(month, day)| (0..24).map(move |hour| (month, day, hour)));
        hours.map(|(month, day, hour)| format!("{month:02}/{day:02}/app-{month:02}{day:02}-{hour:02}.log")).collect()
    }

    fn learnt(keys: &[String]) -> Places {
        let mut places = Places::default();
        places.learn("", true, keys.iter().map(String::as_str));
        places
    }

    fn wheels(places: &Places, key: &str) -> Vec<String> {
        let key: Vec<char> = key.chars().collect();
        let wheel = |at| places.wheel(&key, at).unwrap().into_iter().flatten().collect();
        (0..key.len()).map(wheel).collect()
    }

    fn span(keys: &[String]) -> Span {
        let [first, middle, last] = [0, keys.len() / 2, keys.len() - 1].map(|at| keys[at].clone());
        Span { first, middle, last }
    }

    #[test]
    fn learns_how_far_dates_count() {
        let wheels = wheels(&learnt(&dates()), "02/09/app-0209-23.log");
        // No month has turned, so there may be more of them; days and hours end where they have ended before.
        assert_eq!(wheels[..5].join(" "), "0123456789 0123456789 / 0123 0123456789");
        assert_eq!(wheels[15..17].join(" "), "012 0123456789");
        // The date in the name only repeats that of the folder, and a word stays what it is.
        assert_eq!(wheels[5..15].concat(), "/app-0209-");
        assert_eq!(wheels[17..].concat(), ".log");
    }

    #[test]
    fn goes_on_from_month_to_month() {
        let keys = dates();
        let places = learnt(&keys);
        let ruler = Ruler::new(&places, &span(&keys[..24 * 5]), 0).unwrap();
        assert!(ruler.further("01/28/app-0128-00.log", 100).unwrap().starts_with("01/3"));
        let next = ruler.further("01/38/", 100).unwrap();
        assert!(next.starts_with("02/0"), "{next}");
        let pages = ruler.pages_between("01/02/app-0102-00.log", "01/22/app-0122-00.log");
        assert!((3.8..4.6).contains(&pages), "{pages}");
    }

    #[test]
    fn what_it_counts_comes_back() {
        let keys: Vec<String> = (0..4000).map(|at| format!("a/part-{at:08}.parquet")).collect();
        let ruler = Ruler::new(&learnt(&keys), &span(&keys[..1001]), 2).unwrap();
        assert_eq!(ruler.further(&keys[1000], 100).unwrap(), keys[2000]);
        assert_eq!(ruler.further(&keys[1000], 380).unwrap(), "a/part-00004800.parquet");
        assert_eq!(ruler.pages_between(&keys[1000], &keys[3500]), 2.5);
        // The prefix that was asked for is not counted on, and so the ruler ends somewhere.
        assert_eq!(ruler.further("a/part-99999999.parquet", 100), None);
    }

    #[test]
    fn what_only_repeats_is_no_number_of_its_own() {
        let keys: Vec<String> = (0..3000).map(|at| format!("batch-{:06}/object-{at:09}.json", at / 1000)).collect();
        let ruler = Ruler::new(&learnt(&keys), &span(&keys[1000..2000]), 0).unwrap();
        assert_eq!(ruler.further(&keys[1999], 380).unwrap(), "batch-000005/object-000005795.json");
        assert!((0.99..1.01).contains(&ruler.pages_between(&keys[0], &keys[1000])));
    }

    #[test]
    fn a_gap_in_a_page_does_not_count() {
        let keys: Vec<String> = (0..500).chain(90_000..90_500).map(|at| format!("{at:06}")).collect();
        let ruler = Ruler::new(&learnt(&keys), &span(&keys), 0).unwrap();
        assert_eq!(ruler.pages_between("090000", "090499"), 0.5);
    }

    #[test]
    fn ids_are_counted_in_their_alphabet() {
        let is_kin =
            |key: &str, at, is_varied| kin(&key.chars().collect::<Vec<_>>(), at, is_varied).collect::<String>();
        assert_eq!(is_kin("00a3f4c1-77d0", 0, false), "0123456789abcdef");
        assert_eq!(is_kin("part0001", 5, false), "0123456789");
        assert_eq!(is_kin("part0001", 1, false), "");
        assert_eq!(is_kin("apple", 0, true), ('a'..='z').collect::<String>());
        assert_eq!(is_kin("語", 0, true), "");
    }

    #[test]
    fn strange_keys_make_no_numbers() {
        let keys: Vec<String> = (0..3000).filter_map(|at| char::from_u32(0x4e00 + at)).map(String::from).collect();
        assert!(Ruler::new(&learnt(&keys), &span(&keys), 0).is_none());
        assert!(Ruler::new(&Places::default(), &span(&["a".to_owned()]), 0).is_none());
    }
}
