//! What the buckets hold when the stack starts: keys and sizes.

use std::borrow::Cow;

use crate::options::Options;
use crate::template::Deployment;

/// Objects in the order of their keys.
pub(super) type Objects = Vec<(Cow<'static, str>, u64)>;

const MEBI: u64 = 1024 * 1024;

/// The bucket of a stack without a template. No order.
const DEMO: &[(&str, u64)] = &[
    // What a demo should show.
    ("photos/2025/harbour.jpg", 2 * MEBI + 345_678),
    ("photos/2026/alps.jpg", 3 * MEBI + 12_345),
    ("photos/2026/birthday cake.jpg", MEBI + 77),
    ("reports/2026/q1.pdf", 482_113),
    ("reports/2026/q2.pdf", 519_004),
    ("reports/2026/summary.csv", 18_902),
    ("reports/2026/notes & drafts.txt", 4_096),
    ("shared/welcome.txt", 612),
    ("shared/handbook.pdf", MEBI),
    ("readme.txt", 1_024),
    ("empty.txt", 0),
    // Keys that are legal in S3 and go wrong where a client encodes, decodes, sorts or normalises carelessly.
    ("awkward/a+b=c.txt", 11),
    ("awkward/100% sure.txt", 12),
    ("awkward/already%2Fencoded%20name.txt", 13),
    ("awkward/question?mark#hash.txt", 14),
    ("awkward/quotes \"double\" 'single'.txt", 15),
    ("awkward/angle <brackets> & ampersand.xml", 16),
    ("awkward/semi;colon,comma@at:colon.txt", 17),
    ("awkward/back\\slash^caret`tick|pipe~tilde.txt", 18),
    ("awkward/line\nbreak.txt", 19),
    ("awkward/tab\tstop.txt", 20),
    ("awkward/ leading and trailing space ", 21),
    ("awkward/folder/", 0),
    ("awkward/./dot.txt", 22),
    ("awkward/../up.txt", 23),
    ("awkward//double//slash.txt", 24),
    ("/leading-slash.txt", 25),
    ("awkward/café.txt", 26),
    // The same word with a combining accent: another key, and it sorts elsewhere.
    ("awkward/cafe\u{301}.txt", 27),
    ("awkward/🚀 launch.txt", 28),
    ("awkward/مرحبا.txt", 29),
    ("awkward/日本語.txt", 30),
    // In UTF-8 order U+FF5E comes before the rocket, in UTF-16 order after it.
    ("awkward/\u{ff5e}fullwidth-tilde.txt", 31),
    // Upper case sorts before lower case, and `-` before `/`.
    ("Awkward.txt", 32),
    ("awkward-sibling.txt", 33),
];

/// What the bucket of a template holds, in the folders that `infra/` gives access to. `{department}` and `{identity}`
/// stand for each department and each identity that the demo users have.
const TEMPLATE: &[(&str, u64)] = &[
    ("shared/welcome.txt", 612),
    ("shared/handbook.pdf", MEBI),
    ("shared/reports/2026-q1.csv", 18_902),
    ("shared/reports/2026-q2.csv", 19_377),
    ("public/hello.txt", 280),
    ("departments/{department}/roadmap.txt", 4_096),
    ("departments/{department}/budget/2026.csv", 22_518),
    ("users/{identity}/notes.txt", 1_337),
    ("users/{identity}/photos/harbour.jpg", 2 * MEBI + 345_678),
    ("readme.txt", 1_024),
];

/// The objects of the demo bucket.
pub(super) fn of_demo() -> Objects {
    let mut objects: Objects = DEMO.iter().map(|(key, size)| (Cow::Borrowed(*key), *size)).collect();
    objects.push((Cow::Owned(long_key()), 900));
    objects.sort_unstable();
    objects
}

/// The objects of a template's data bucket. A user has an identity for each provider of the pool.
pub(super) fn of_template(deployment: &Deployment, options: &Options) -> Objects {
    let departments = options.users.iter().filter_map(|user| user.department.clone());
    let identities = options.users.iter().flat_map(|user| {
        let providers = deployment.pool.providers.iter();
        providers.map(|provider| deployment.pool.identity_id(provider.logins_key(), &user.id))
    });
    let names: Vec<(&str, String)> = departments
        .map(|department| ("{department}", department))
        .chain(identities.map(|identity| ("{identity}", identity)))
        .collect();
    let mut objects = Objects::new();
    for (key, size) in TEMPLATE {
        let is_for = |placeholder: &&(&str, String)| key.contains(placeholder.0);
        let own = names.iter().filter(is_for).map(|(placeholder, name)| key.replace(placeholder, name));
        objects.extend(own.map(|key| (Cow::Owned(key), *size)));
        if !key.contains('{') {
            objects.push((Cow::Borrowed(*key), *size));
        }
    }
    objects.sort_unstable();
    objects.dedup();
    objects
}

/// 900 bytes: near S3's limit of 1,024, and over many a file system's.
fn long_key() -> String {
    let mut key = "awkward/long/".to_owned();
    key.extend("abcdefghijklmnopqrstuvwxyz0123456789-".chars().cycle().take(900 - key.len() - 4));
    key.push_str(".txt");
    key
}
