//! Where the bytes of a library are, by the map that LLVM's linker draws: its sections, and its code by crate.

use std::collections::BTreeMap;

/// What is smaller shares a line.
const SMALLEST_SHOWN: u64 = 10_000;

/// Two tables in Markdown. Code counts for the crate that its name begins with: what a crate makes of the generic code of
/// another is that other's.
///
/// # Errors
/// It is no such map.
pub(super) fn describe(map: &str) -> Result<Vec<String>, String> {
    let mut lines = map.lines();
    let columns =
        lines.next().and_then(|header| Some((header.find("Out")?, header.find("In")?, header.find("Symbol")?)));
    let (output, input, symbol) = columns.ok_or("the linker's map does not begin with its columns")?;
    let (mut sections, mut crates) = (BTreeMap::new(), BTreeMap::new());
    for line in lines.filter(|line| line.is_char_boundary(output)) {
        let (numbers, name) = line.split_at(output.min(line.len()));
        let Some(size) = numbers.split_whitespace().nth(2).and_then(|size| u64::from_str_radix(size, 16).ok()) else {
            continue;
        };
        let indent = output + name.len() - name.trim_start().len();
        let name = name.trim();
        if indent < input && is_in_the_file(name) {
            *sections.entry(name.to_owned()).or_default() += size;
        } else if (input..symbol).contains(&indent)
            && let Some((_, section)) = name.trim_end_matches(')').rsplit_once(":(")
            && section.starts_with(".text")
        {
            *crates.entry(crate_of(section)).or_default() += size;
        }
    }
    let mut lines = table("section", sections);
    lines.push(String::new());
    lines.extend(table("code of", crates));
    Ok(lines)
}

/// Neither what the loader makes nor what is stripped.
fn is_in_the_file(section: &str) -> bool {
    !section.starts_with(".bss")
        && !section.starts_with(".debug")
        && !matches!(section, ".symtab" | ".strtab" | ".shstrtab" | ".comment")
}

fn table(title: &str, sizes: BTreeMap<String, u64>) -> Vec<String> {
    let (mut shown, small): (Vec<_>, Vec<_>) = sizes.into_iter().partition(|(_, size)| *size >= SMALLEST_SHOWN);
    shown.sort_by(|(_, left), (_, right)| right.cmp(left));
    let count = small.len();
    let rest: u64 = small.into_iter().map(|(_, size)| size).sum();
    let mut lines = vec![format!("| {title} | bytes |"), "| --- | ---: |".to_owned()];
    lines.extend(shown.into_iter().map(|(name, size)| format!("| {name} | {size} |")));
    lines.push(format!("| {count} smaller ones | {rest} |"));
    lines
}

/// The crate that a mangled name begins with; all of the standard library's are one.
fn crate_of(section: &str) -> String {
    const STANDARD: [&str; 6] = ["core", "alloc", "std", "hashbrown", "compiler_builtins", "gimli"];
    let name = if let Some((_, path)) = section.split_once("._ZN") {
        first_word(read_identifier(path))
    } else if let Some((_, path)) = section.split_once("._R") {
        // Crates are `Cs`, digits, `_` and their name (the Rust reference, "Symbol mangling").
        path.split_once("Cs").and_then(|(_, root)| root.split_once('_')).map_or("", |(_, named)| read_identifier(named))
    } else {
        return if section.contains("OUTLINED_FUNCTION") { "what LLVM outlined" } else { "C, assembler, exports" }
            .to_owned();
    };
    match name {
        _ if STANDARD.contains(&name) => "the standard library".to_owned(),
        // `<T as a::B>::c`.
        _ if name.len() < 2 => "implementations for any type".to_owned(),
        _ => format!("`{name}`"),
    }
}

/// A name with its length before it.
fn read_identifier(text: &str) -> &str {
    let (length, rest) = text.split_at(text.bytes().take_while(u8::is_ascii_digit).count());
    length.parse().ok().and_then(|length| rest.get(..length)).unwrap_or_default()
}

/// `<&mut a::B as c::D>::e` is a's, and says `_$LT$$RF$mut$u20$a..B$u20$as$u20$c..D$GT$`.
fn first_word(name: &str) -> &str {
    let escapes = ["$LT$", "$RF$", "$BP$", "$u20$", "$u5b$", "$LP$", "mut", "const", "dyn"];
    let mut name = name.trim_start_matches('_');
    while let Some(rest) = escapes.iter().find_map(|escape| name.strip_prefix(escape)) {
        name = rest;
    }
    let end = name.find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_')).unwrap_or(name.len());
    &name[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_belongs_to_the_crate_that_it_begins_with() {
        let table = [
            (".text._ZN10aws_sdk_s35types4Part17h0123456789abcdefE", "`aws_sdk_s3`"),
            (
                ".text._ZN54_$LT$aws_sdk_s3..Part$u20$as$u20$core..fmt..Debug$GT$3fmt17h0123456789abcdefE",
                "`aws_sdk_s3`",
            ),
            (".text._ZN47_$LT$$RF$mut$u20$h2..Stream$u20$as$u20$x..Y$GT$3fmt17h0123456789abcdefE", "`h2`"),
            (".text.unlikely._ZN4core3ptr13drop_in_place17h0123456789abcdefE", "the standard library"),
            (".text._RNvNtCsdlTmOUX514w_4core3fmt5write", "the standard library"),
            (
                ".text._ZN40_$LT$T$u20$as$u20$core..convert..Into$GT$4into17h0123456789abcdefE",
                "implementations for any type",
            ),
            (".text.OUTLINED_FUNCTION_7", "what LLVM outlined"),
            (".text", "C, assembler, exports"),
        ];
        for (section, owner) in table {
            assert_eq!(crate_of(section), owner, "{section}");
        }
    }

    #[test]
    fn a_map_is_read_by_its_columns() {
        let map = "             VMA              LMA     Size Align Out     In      Symbol
             2a8              2a8     2710     4 .rodata
             2a8              2a8     2710     1         a.o:(.rodata..L_1)
           10000            10000     4e20     4 .text
           10000            10000     4e10     4         a.o:(.text._ZN2h26Stream17h0123456789abcdefE)
           10000            10000     4e10     1                 h2::Stream
           14e10            14e10       10     4         b.o:(.text)
           20000            20000   100000     8 .bss
";
        let lines = describe(map).unwrap();
        let shown = |wanted: &str| lines.iter().any(|line| line == wanted);
        assert!(shown("| .text | 20000 |") && shown("| .rodata | 10000 |"), "{lines:?}");
        assert!(shown("| `h2` | 19984 |") && shown("| 1 smaller ones | 16 |"), "{lines:?}");
        assert!(!lines.iter().any(|line| line.contains(".bss")));
        assert!(describe("no map").is_err());
    }
}
