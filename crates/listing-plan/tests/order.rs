//! Every key once, in order: thousands of key sets, listed with answers in any order, requests that fail, pages that
//! are short or empty, and keys that come and go.

#![allow(clippy::unwrap_used)]

mod bucket;

use std::collections::BTreeSet;

use bucket::{Bucket, Dice, Entry, shapes};
use plan::{Disorder, Origin, Page, Planner};

/// What a server does besides listing.
#[derive(Debug, Clone, Copy, Default)]
struct Mood {
    /// In a hundred: requests that fail, and pages that hold less than they could.
    fails: usize,
    is_short: usize,
    /// The caller takes only when nothing else can be done.
    is_slow: bool,
}

/// Lists all, the answers in any order; `change` is called before each answer. Checks the bounds on the way.
fn list(
    bucket: &mut Bucket,
    parallel: usize,
    start_after: Option<&str>,
    mood: Mood,
    dice: &mut Dice,
    mut change: impl FnMut(&mut Bucket, &mut Dice),
) -> Vec<String> {
    let mut planner = Planner::new(parallel, &bucket.prefix, start_after);
    let mut under_way = Vec::new();
    let mut listed = Vec::new();
    let mut asked = 0;
    while !planner.is_finished() {
        while let Some(request) = planner.next_request() {
            asked += 1;
            under_way.push(request);
        }
        assert!(under_way.len() <= parallel);
        assert!(under_way.len() + planner.held() <= 6 * parallel);
        if !under_way.is_empty() {
            let request = under_way.swap_remove(dice.below(under_way.len()));
            if dice.below(100) < mood.fails {
                planner.failed(request.id);
            } else {
                change(bucket, dice);
                let most = if dice.below(100) < mood.is_short { dice.below(bucket.page) } else { bucket.page };
                planner.answer(request.id, bucket.list(&request.origin, most)).unwrap();
            }
        } else {
            assert!(planner.held() > 0, "stands still");
        }
        while under_way.is_empty() || !mood.is_slow {
            let Some(page) = planner.take() else { break };
            assert!(!page.is_empty());
            listed.extend(page.into_iter().map(|Entry(key)| key));
        }
    }
    assert_eq!(planner.requests(), asked);
    assert_eq!(planner.next_request(), None);
    assert!(planner.take().is_none());
    listed
}

fn nothing(_: &mut Bucket, _: &mut Dice) {}

/// Few characters, that lie beside each other and far apart, so that keys begin like others, and in every length of
/// UTF-8.
fn odd_keys(dice: &mut Dice) -> Vec<String> {
    let alphabets: [&[char]; 7] = [
        &['a', 'b'],
        &['/', '0', '.', '-'],
        &['0', '1', '9', 'a', 'f', '/'],
        &['\u{0}', '\u{1}', 'a', '\u{7f}', '\u{80}'],
        &['\u{7ff}', '\u{800}', '\u{d7ff}', '\u{e000}', '\u{ffff}', '\u{10000}', '\u{10ffff}'],
        &['ä', 'z', 'é', '語', '🦀', '/'],
        &['A', 'Z', 'a', 'z', '0', '9', '/', ' ', '+'],
    ];
    let alphabet = dice.pick(&alphabets);
    let start = dice.pick(&["", "", "a/", "logs/2026/", "a"]);
    let (count, longest) = (dice.pick(&[0, 1, 2, 5, 50, 500]), dice.pick(&[1, 3, 8, 20]));
    (0..count)
        .map(|_| start.to_owned() + &(0..=dice.below(longest)).map(|_| dice.pick(alphabet)).collect::<String>())
        .collect()
}

fn any_keys(dice: &mut Dice) -> Vec<String> {
    if dice.below(3) > 0 {
        return odd_keys(dice);
    }
    let (_, shape) = dice.pick(shapes::ALL);
    shape(dice.pick(&[10, 100, 400]))
}

fn any_bucket(dice: &mut Dice) -> Bucket {
    let mut bucket = Bucket::new((0..=dice.below(2)).flat_map(|_| any_keys(dice)).collect::<Vec<_>>());
    bucket.page = dice.pick(&[1, 2, 3, 7, 20]);
    if dice.below(3) == 0 && !bucket.keys.is_empty() {
        let key = &bucket.keys[dice.below(bucket.keys.len())];
        bucket.prefix = key.chars().take(dice.below(6)).collect();
    }
    bucket.delimiter = dice.pick(&[None, None, Some('/'), Some('a')]);
    bucket
}

fn any_mood(dice: &mut Dice) -> Mood {
    Mood { fails: dice.pick(&[0, 0, 10, 50]), is_short: dice.pick(&[0, 0, 10, 60]), is_slow: dice.below(3) == 0 }
}

fn any_parallel(dice: &mut Dice) -> usize {
    dice.pick(&[1, 2, 3, 8, 16])
}

#[test]
fn lists_every_key_once_and_in_order() {
    for seed in 0..4000 {
        let mut dice = Dice(seed);
        let mut bucket = any_bucket(&mut dice);
        let (mood, parallel) = (any_mood(&mut dice), any_parallel(&mut dice));
        let expected = bucket.sequential();
        let listed = list(&mut bucket, parallel, None, mood, &mut dice, nothing);
        assert_eq!(listed, expected, "seed {seed}");
    }
}

#[test]
fn begins_behind_a_key() {
    for seed in 0..1000 {
        let mut dice = Dice(seed << 20);
        let mut bucket = any_bucket(&mut dice);
        let start = match bucket.keys.len() {
            0 => "b".to_owned(),
            all => bucket.keys[dice.below(all)].clone() + dice.pick(&["", "", "0", "/", "\u{10ffff}"]),
        };
        let (mood, parallel) = (any_mood(&mut dice), any_parallel(&mut dice));
        let expected = bucket.list(&Origin::After(start.clone()), usize::MAX).entries;
        let expected: Vec<_> = expected.into_iter().map(|Entry(key)| key).collect();
        let listed = list(&mut bucket, parallel, Some(&start), mood, &mut dice, nothing);
        assert_eq!(listed, expected, "seed {seed}");
    }
}

#[test]
fn loses_nothing_while_keys_come_and_go() {
    for seed in 0..1000 {
        let mut dice = Dice(seed << 30);
        let mut bucket = Bucket { delimiter: None, ..any_bucket(&mut dice) };
        let (mood, parallel) = (any_mood(&mut dice), any_parallel(&mut dice));
        // Every other key is moved in and out, and new ones turn up.
        let all: Vec<String> = bucket.sequential();
        let staying: BTreeSet<String> = all.iter().filter(|_| dice.below(2) == 0).cloned().collect();
        let going: Vec<String> = all.iter().filter(|key| !staying.contains(*key)).cloned().collect();
        // In the end there is peace: a bucket that grows faster than it is listed has no end.
        let mut changes = 200;
        let listed = list(&mut bucket, parallel, None, mood, &mut dice, |bucket, dice| {
            for _ in 0..dice.below(20).min(changes) {
                changes -= 1;
                let key = match going.len() {
                    all if all > 0 && dice.below(2) > 0 => going[dice.below(all)].clone(),
                    _ => format!("{}{}", bucket.prefix, shapes::uuid(dice)),
                };
                match bucket.keys.binary_search(&key) {
                    Ok(at) if !staying.contains(&key) => drop(bucket.keys.remove(at)),
                    Ok(_) => {}
                    Err(at) => bucket.keys.insert(at, key),
                }
            }
        });
        assert!(listed.is_sorted_by(|left, right| left < right), "seed {seed}");
        let listed: BTreeSet<String> = listed.into_iter().collect();
        assert!(staying.is_subset(&listed), "seed {seed}");
    }
}

#[test]
fn large_listings_are_whole_and_cost_little() {
    for (name, keys) in shapes::ALL {
        let mut bucket = Bucket { page: 100, ..Bucket::new(keys(20_000)) };
        let expected = bucket.keys.clone();
        for mood in [Mood::default(), Mood { is_slow: true, ..Mood::default() }] {
            let listed = list(&mut bucket, 8, None, mood, &mut Dice(11), nothing);
            assert!(listed == expected, "{name}");
        }
    }
}

#[test]
fn a_caller_that_does_not_take_stops_the_listing() {
    let bucket = Bucket::new(shapes::deep(200_000));
    let mut planner = Planner::new(4, "", None);
    let mut under_way = Vec::new();
    loop {
        while let Some(request) = planner.next_request() {
            under_way.push(request);
        }
        let Some(request) = under_way.pop() else { break };
        planner.answer(request.id, bucket.list(&request.origin, 1000)).unwrap();
    }
    assert!(planner.held() <= 24 && planner.held() > 4, "{}", planner.held());
    // One that takes goes on.
    assert!(planner.take().is_some());
    assert!(planner.next_request().is_some());
}

#[test]
fn a_small_listing_costs_what_it_costs_one_by_one() {
    for (keys, requests) in [(0, 1), (1, 1), (999, 1), (1000, 1), (1001, 2)] {
        let run = bucket::run(&Bucket::new(shapes::uuids(keys)), 8);
        assert_eq!((run.listed, run.requests), (keys, requests));
    }
}

#[test]
fn is_fast_and_costs_little() {
    let hot = Bucket::new(shapes::dates(100_000, Some(195)));
    for (bucket, times) in [(Bucket::new(shapes::uuids(100_000)), 5), (hot, 3), (Bucket::new(shapes::deep(100_000)), 3)]
    {
        let run = bucket::run(&bucket, 8);
        let sequential = bucket.keys.len().div_ceil(1000) as u64;
        assert!(run.milliseconds * times <= sequential * 110, "{run:?}");
        assert!(run.requests * 10 <= sequential * 13, "{run:?}");
    }
}

#[test]
fn memory_does_not_grow_with_the_bucket() {
    for shape in [shapes::uuids, |n| shapes::dates(n, Some(195))] {
        let [small, large] = [100_000, 1_000_000].map(|keys| bucket::run(&Bucket::new(shape(keys)), 8));
        assert!(large.held <= 48, "{small:?} {large:?}");
    }
}

#[test]
fn a_failed_request_is_given_again() {
    let mut planner: Planner<Entry> = Planner::new(2, "a/", Some("a/b"));
    let first = planner.next_request().unwrap();
    assert_eq!(first.origin, Origin::After("a/b".to_owned()));
    assert_eq!(planner.next_request(), None);
    planner.failed(first.id);
    let again = planner.next_request().unwrap();
    assert_eq!(again.origin, first.origin);
    // What comes too late, or was never asked for, is nothing.
    planner.answer(first.id, Page { entries: vec![Entry("a/c".to_owned())], next: None }).unwrap();
    assert_eq!(planner.held(), 0);
    planner.answer(again.id, Page { entries: vec![Entry("a/c".to_owned())], next: None }).unwrap();
    assert_eq!(planner.take(), Some(vec![Entry("a/c".to_owned())]));
    assert!(planner.is_finished());
    assert_eq!(planner.requests(), 2);
}

#[test]
fn a_server_without_order_is_refused() {
    let mut planner = Planner::new(2, "", None);
    let request = planner.next_request().unwrap();
    let entries = ["b", "a"].map(|key| Entry(key.to_owned())).to_vec();
    assert_eq!(planner.answer(request.id, Page { entries, next: None }), Err(Disorder));
}

#[test]
fn a_server_that_knows_no_start_after_is_listed_whole() {
    let bucket = Bucket::new(shapes::uuids(5_000));
    let mut planner = Planner::new(8, "", None);
    let mut listed = Vec::new();
    while !planner.is_finished() {
        let mut requests: Vec<_> = std::iter::from_fn(|| planner.next_request()).collect();
        for request in requests.drain(..) {
            let origin = match request.origin {
                Origin::After(_) => Origin::Beginning,
                other => other,
            };
            planner.answer(request.id, bucket.list(&origin, 100)).unwrap();
        }
        listed.extend(std::iter::from_fn(|| planner.take()).flatten().map(|Entry(key)| key));
    }
    assert_eq!(listed, bucket.keys);
}
