//! The whole life of a program: how long it takes, how much memory, and whether it wrote what it should.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use super::figures::Sample;
use super::transfer::watch_memory;
use crate::report::timed;

/// The whole life of a program.
pub(super) struct Whole {
    pub(super) sample: Sample,
    lines: usize,
    last: String,
}

impl Whole {
    /// Fails if it did not write so many lines.
    pub(super) fn lines(self, expected: usize) -> Result<Sample, String> {
        if self.lines == expected {
            Ok(self.sample)
        } else {
            Err(format!("{} lines instead of {expected}", self.lines))
        }
    }

    /// Fails if it did not end with this number.
    pub(super) fn of(self, expected: usize) -> Result<Sample, String> {
        if self.last == expected.to_string() {
            Ok(self.sample)
        } else {
            Err(format!("`{}` instead of {expected}", self.last))
        }
    }
}

pub(super) fn whole(mut command: Command) -> Result<Whole, String> {
    let name = command.get_program().display().to_string();
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let (ended, took) = timed(|| {
        let mut child = command.spawn()?;
        watch_memory(child.id(), || {
            let (lines, last) = read_lines(&mut child)?;
            Ok((child.wait()?, lines, last))
        })
    });
    let ((status, lines, last), peak) = ended.map_err(|error| format!("{name} did not run: {error}"))?;
    if !status.success() {
        return Err(format!("{:?} ended with {status}", command.get_args().collect::<Vec<_>>()));
    }
    let peak_memory = Some(peak).filter(|peak| *peak > 0);
    Ok(Whole { sample: Sample { took, peak_memory }, lines, last })
}

/// How many lines it writes, and the last one.
fn read_lines(child: &mut Child) -> std::io::Result<(usize, String)> {
    let mut output = BufReader::with_capacity(64 * 1024, child.stdout.take().ok_or(std::io::ErrorKind::BrokenPipe)?);
    let (mut lines, mut last, mut line) = (0, Vec::new(), Vec::new());
    while output.read_until(b'\n', &mut line)? > 0 {
        lines += 1;
        std::mem::swap(&mut last, &mut line);
        line.clear();
    }
    Ok((lines, String::from_utf8_lossy(&last).trim_end().to_owned()))
}
