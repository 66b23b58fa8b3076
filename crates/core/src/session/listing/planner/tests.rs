//! Every key once, in order: thousands of key sets, listed with answers in any order, pages that are short or empty, and keys
//! that come and go.

mod bucket;

use std::collections::BTreeSet;

use self::bucket::{Bucket, Dice, named, names, shapes};
use super::{Disorder, Origin, Planner};

/// How a listing goes.
#[derive(Debug, Clone, Copy)]
struct Mood {
    parallel: usize,
    /// In a hundred: pages that hold less than they could.
    is_short: usize,
    /// The caller takes only when nothing else can be done.
    is_slow: bool,
}

impl Mood {
    fn any(dice: &mut Dice) -> Self {
        let (parallel, is_short) = (dice.pick(&[1, 2, 3, 8, 16]), dice.pick(&[0, 0, 10, 60]));
        Self { parallel, is_short, is_slow: dice.below(3) == 0 }
    }
}

/// Lists all, the answers in any order; `change` is called before each answer, with the number of the request. Checks the bounds
/// on the way.
fn list(
    bucket: &mut Bucket,
    mood: Mood,
    dice: &mut Dice,
    mut change: impl FnMut(&mut Bucket, &mut Dice, &mut Planner, u64),
) -> Vec<String> {
    let mut planner = Planner::new(mood.parallel, &bucket.prefix);
    let (mut under_way, mut listed) = (Vec::new(), Vec::new());
    while !planner.is_finished() {
        under_way.extend(std::iter::from_fn(|| planner.next_request(usize::MAX)));
        assert!(planner.under_way() <= mood.parallel);
        assert!(planner.under_way() + planner.held() <= 6 * mood.parallel);
        if under_way.is_empty() {
            assert!(planner.held() > 0, "stands still");
        } else {
            let request = under_way.swap_remove(dice.below(under_way.len()));
            change(bucket, dice, &mut planner, request.id);
            let most = if dice.below(100) < mood.is_short { dice.below(bucket.page) } else { bucket.page };
            let (entries, next) = bucket.list(&request.origin, most);
            planner.answer(request.id, entries, next).unwrap();
        }
        while under_way.is_empty() || !mood.is_slow {
            let Some(page) = planner.take() else { break };
            assert!(!page.is_empty());
            listed.extend(names(&page));
        }
    }
    assert!(planner.next_request(usize::MAX).is_none() && planner.take().is_none());
    listed
}

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
    shape(dice.pick(&[10, 50, 200]))
}

fn any_bucket(dice: &mut Dice) -> Bucket {
    let mut bucket = Bucket::new((0..=dice.below(2)).flat_map(|_| any_keys(dice)).collect::<Vec<_>>());
    bucket.page = dice.pick(&[1, 2, 3, 7, 20]);
    if dice.below(3) == 0 && !bucket.keys.is_empty() {
        let key = &bucket.keys[dice.below(bucket.keys.len())];
        bucket.prefix = key.chars().take(dice.below(6)).collect();
    }
    bucket.delimiter = dice.pick(&[None, None, Some('/'), Some('a')]);
    bucket.shows_again = dice.below(2) == 0;
    bucket
}

#[test]
fn lists_every_key_once_and_in_order() {
    for seed in 0..500 {
        let mut dice = Dice(seed);
        let (mut bucket, mood) = (any_bucket(&mut dice), Mood::any(&mut dice));
        let expected = bucket.sequential();
        let listed = list(&mut bucket, mood, &mut dice, |_, _, _, _| {});
        assert_eq!(listed, expected, "seed {seed}");
    }
}

/// What comes before it is whole; nothing comes after.
#[test]
fn ends_before_a_request_that_fails() {
    let (mut failed, mut cut) = (0, 0);
    for seed in 0..500 {
        let mut dice = Dice(seed << 20);
        let (mut bucket, mood) = (any_bucket(&mut dice), Mood::any(&mut dice));
        let expected = bucket.sequential();
        let mut ends = Vec::new();
        let listed = list(&mut bucket, mood, &mut dice, |_, dice, planner, id| {
            let reached = planner.position(id).map(|at| planner.ranges[at].reached().to_owned());
            if dice.below(20) == 0 && planner.end_before(id) {
                ends.extend(reached);
            }
        });
        // The first in order counts, whichever came first.
        let end = ends.iter().min();
        let before = expected.iter().filter(|key| end.is_none_or(|end| *key <= end));
        assert_eq!(listed, before.cloned().collect::<Vec<_>>(), "seed {seed}");
        failed += usize::from(end.is_some());
        cut += usize::from(listed.len() < expected.len());
    }
    assert!(failed > 50 && cut > 20, "{failed} {cut}");
}

#[test]
fn loses_nothing_while_keys_come_and_go() {
    for seed in 0..100 {
        let mut dice = Dice(seed << 30);
        let mut bucket = Bucket { delimiter: None, ..any_bucket(&mut dice) };
        let mood = Mood::any(&mut dice);
        // Every other key is moved in and out, and new ones turn up.
        let all = bucket.sequential();
        let staying: BTreeSet<String> = all.iter().filter(|_| dice.below(2) == 0).cloned().collect();
        let going: Vec<String> = all.iter().filter(|key| !staying.contains(*key)).cloned().collect();
        // In the end there is peace: a bucket that grows faster than it is listed has no end.
        let mut changes = 200;
        let listed = list(&mut bucket, mood, &mut dice, |bucket, dice, _, _| {
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
fn large_listings_of_every_shape_are_whole() {
    for (name, keys) in shapes::ALL {
        let mut bucket = Bucket { page: 20, ..Bucket::new(keys(2_000)) };
        let expected = bucket.keys.clone();
        for is_slow in [false, true] {
            let mood = Mood { parallel: 8, is_short: 0, is_slow };
            let listed = list(&mut bucket, mood, &mut Dice(11), |_, _, _, _| {});
            assert!(listed == expected, "{name}");
        }
    }
}

#[test]
fn a_caller_that_does_not_take_stops_the_listing() {
    let bucket = Bucket { page: 10, ..Bucket::new(shapes::deep(2_000)) };
    let mut planner = Planner::new(4, "");
    let mut under_way = Vec::new();
    loop {
        under_way.extend(std::iter::from_fn(|| planner.next_request(usize::MAX)));
        let Some(request) = under_way.pop() else { break };
        let (entries, next) = bucket.list(&request.origin, bucket.page);
        planner.answer(request.id, entries, next).unwrap();
    }
    assert!(planner.held() <= 24 && planner.held() > 4, "{}", planner.held());
    // One that takes goes on.
    assert!(planner.take().is_some());
    assert!(planner.next_request(usize::MAX).is_some());
}

/// Whoever wants only some pages pays for few others, and gets them whatever is held.
#[test]
fn what_is_wanted_bounds_what_is_asked_for() {
    for (name, keys) in shapes::ALL {
        let bucket = Bucket { page: 10, ..Bucket::new(keys(2_000)) };
        for limit in [15, 45, 155, 455] {
            let mut planner = Planner::new(8, "");
            let (mut under_way, mut listed, mut requests) = (Vec::new(), Vec::new(), 0);
            while listed.len() < limit {
                let wanted = (limit - listed.len()).div_ceil(bucket.page);
                under_way.extend(std::iter::from_fn(|| planner.next_request(wanted)).inspect(|_| requests += 1));
                match planner.take() {
                    Some(page) => listed.extend(names(&page)),
                    None => {
                        let request = under_way.remove(0);
                        let (entries, next) = bucket.list(&request.origin, bucket.page);
                        planner.answer(request.id, entries, next).unwrap();
                    }
                }
            }
            assert_eq!(listed[..limit], bucket.keys[..limit], "{name}");
            assert_eq!(planner.next_request(0), None);
            let needed = limit.div_ceil(bucket.page);
            assert!(requests <= needed + needed / 2 + 2, "{name}: {requests} for {limit}");
        }
    }
}

#[test]
fn a_small_listing_costs_what_it_costs_one_by_one() {
    for (keys, requests) in [(0, 1), (1, 1), (999, 1), (1000, 1), (1001, 2)] {
        let run = bucket::run(&Bucket::new(shapes::uuids(keys)), 8);
        assert_eq!((run.listed, run.requests), (keys, requests));
    }
}

/// A third more, and four.
#[test]
fn what_is_guessed_wrong_is_bounded() {
    for (name, keys) in shapes::ALL {
        for pages in [1, 2, 3, 6, 10, 20, 30, 50, 100] {
            let bucket = Bucket { page: 100, ..Bucket::new(keys(pages * 100)) };
            let (run, sequential) = (bucket::run(&bucket, 8), bucket.keys.len().div_ceil(bucket.page));
            assert!(run.requests * 3 <= sequential * 4 + 12, "{name}, {sequential} pages: {run:?}");
        }
    }
}

/// In simulated time, of as many pages as 100,000 objects have.
#[test]
fn is_fast_and_costs_little() {
    for (keys, times) in [
        (shapes::uuids(10_000), 5),
        (shapes::dates(10_000, Some(195)), 3),
        (shapes::deep(10_000), 3),
        (shapes::batches(10_000, 100), 3),
    ] {
        let bucket = Bucket { page: 100, ..Bucket::new(keys) };
        let run = bucket::run(&bucket, 8);
        let sequential = bucket.keys.len().div_ceil(bucket.page);
        assert!(run.milliseconds * times <= sequential as u64 * 110, "{run:?}");
        assert!(run.requests * 10 <= sequential * 13, "{run:?}");
    }
}

/// Of as many pages as 100,000 and 500,000 objects have.
#[test]
fn what_is_held_does_not_grow_with_the_bucket() {
    for keys in [2_000, 10_000] {
        let run = bucket::run(&Bucket { page: 20, ..Bucket::new(shapes::dates(keys, Some(195))) }, 8);
        assert!(run.held <= 48, "{keys}: {run:?}");
    }
}

/// As S3 does while it makes room for more.
#[test]
fn a_server_that_takes_fewer_at_a_time_gets_fewer() {
    for (name, keys) in shapes::ALL {
        for takes in [1, 2, 3, 5] {
            let bucket = Bucket { page: 20, ..Bucket::new(keys(2_000)) };
            let (mut planner, mut dice) = (Planner::new(8, ""), Dice(takes as u64));
            let (mut under_way, mut listed, mut refused) = (Vec::new(), Vec::new(), 0);
            while !planner.is_finished() {
                under_way.extend(std::iter::from_fn(|| planner.next_request(usize::MAX)));
                let crowd = under_way.len();
                let request = under_way.swap_remove(dice.below(crowd));
                if crowd > takes {
                    refused += 1;
                    assert!(planner.ask_again(request.id));
                    continue;
                }
                let (entries, next) = bucket.list(&request.origin, bucket.page);
                planner.answer(request.id, entries, next).unwrap();
                listed.extend(std::iter::from_fn(|| planner.take()).flat_map(|page| names(&page)));
            }
            assert!(listed == bucket.keys, "{name}, {takes}");
            assert!(refused <= 8 + 4 + 2, "{name}, {takes}: {refused}");
        }
    }
    // One alone is not too much at a time.
    let mut planner = Planner::new(8, "");
    let request = planner.next_request(usize::MAX).unwrap();
    assert!(!planner.ask_again(request.id) && planner.end_before(request.id) && planner.is_finished());
}

#[test]
fn what_was_not_asked_for_is_nothing() {
    let mut planner = Planner::new(2, "a/");
    let request = planner.next_request(1).unwrap();
    assert_eq!((request.origin, planner.next_request(1)), (Origin::Beginning, None));
    planner.answer(request.id + 1, named(&["a/c"]), None).unwrap();
    assert!(!planner.end_before(request.id + 1) && planner.held() == 0);
    planner.answer(request.id, named(&["a/c"]), None).unwrap();
    assert_eq!(planner.take(), Some(named(&["a/c"])));
    assert!(planner.is_finished());
}

/// As S3's directory buckets: tokens alone know where it goes on.
#[test]
fn a_server_without_order_is_listed_in_its_own() {
    for pages in [
        vec![vec!["b", "a"], vec!["d", "e"], vec!["c"]],
        // It looks like an order for as long as that.
        vec![vec!["d", "e"], vec!["a", "b"], vec![], vec!["c"]],
    ] {
        let mut planner = Planner::new(8, "");
        let mut listed = Vec::new();
        while !planner.is_finished() {
            let request = planner.next_request(usize::MAX).unwrap();
            let number = match request.origin {
                Origin::Continued(token) => token.parse().unwrap(),
                _ => 0,
            };
            let next = (number + 1 < pages.len()).then(|| (number + 1).to_string());
            planner.answer(request.id, named(&pages[number]), next).unwrap();
            listed.extend(std::iter::from_fn(|| planner.take()).map(|page| names(&page)));
        }
        let whole = pages.into_iter().filter(|page| !page.is_empty()).collect::<Vec<_>>();
        assert_eq!(listed, whole);
    }
}

#[test]
fn a_server_whose_order_ends_too_late_is_refused() {
    let bucket = Bucket { page: 100, ..Bucket::new(shapes::uuids(5_000)) };
    let mut planner = Planner::new(8, "");
    loop {
        let requests: Vec<_> = std::iter::from_fn(|| planner.next_request(usize::MAX)).collect();
        assert!(!requests.is_empty());
        for request in requests {
            let (mut entries, next) = bucket.list(&request.origin, bucket.page);
            // The first range has ended, and what follows was taken.
            if planner.ranges.front().is_some_and(|first| !first.after.is_empty()) {
                entries.reverse();
                assert_eq!(planner.answer(request.id, entries, next), Err(Disorder));
                return;
            }
            planner.answer(request.id, entries, next).unwrap();
            while planner.take().is_some() {}
        }
    }
}

#[test]
fn a_server_that_knows_no_start_after_is_listed_whole() {
    let bucket = Bucket::new(shapes::uuids(5_000));
    let mut planner = Planner::new(8, "");
    let mut listed = Vec::new();
    while !planner.is_finished() {
        let requests: Vec<_> = std::iter::from_fn(|| planner.next_request(usize::MAX)).collect();
        for request in requests {
            let origin = match request.origin {
                Origin::After(_) => Origin::Beginning,
                other => other,
            };
            let (entries, next) = bucket.list(&origin, 100);
            planner.answer(request.id, entries, next).unwrap();
        }
        listed.extend(std::iter::from_fn(|| planner.take()).flat_map(|page| names(&page)));
    }
    assert_eq!(listed, bucket.keys);
}
