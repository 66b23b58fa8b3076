//! Takes an `aws-chunked` body apart as it comes: chunks with their sizes and signatures, an empty last one, trailers.
//! Holds no more than one line or the trailers; the content passes through.
//!
//! Sources, S3 API reference: sigv4-streaming ("Defining the Chunk Body") and sigv4-streaming-trailers. The reference
//! does not say how S3 answers a body that breaks them; the codes are those that projects which test against S3 itself
//! expect of it (OpenStack Swift, `test/s3api/test_input_errors.py`; justincormack/argmin, `crates/s3-tests`).

use ring::digest;

use super::checksum::Algorithm;
use crate::sigv4::ChunkChain;

/// Every chunk but the last has at least 8 KiB (sigv4-streaming: "Chunk size must be at least 8 KB").
const MIN_CHUNK: u64 = 8192;
/// A size and a signature take less than 100 bytes.
const MAX_LINE: usize = 1024;
/// One checksum and one signature take less than 300 bytes.
const MAX_TRAILERS: usize = 8192;
const TRAILER_SIGNATURE: &str = "x-amz-trailer-signature";

/// Why a framed body is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FramingError {
    /// It ends early, or is no framing at all.
    Incomplete,
    /// `x-amz-decoded-content-length` says otherwise.
    WrongLength {
        expected: u64,
        provided: u64,
    },
    /// `number` is that of the chunk after it, as S3 has it.
    SmallChunk {
        number: u64,
        size: u64,
    },
    Signature,
    /// The trailers are not those that `x-amz-trailer` announced.
    Trailers,
}

/// How a body is framed, as its request's headers say.
#[derive(Debug)]
pub(super) struct Framing {
    /// None if the chunks are not signed.
    pub chain: Option<ChunkChain>,
    pub has_trailers: bool,
    /// What `x-amz-trailer` names.
    pub trailer: Option<Algorithm>,
    pub decoded_length: u64,
}

/// Takes one body apart.
pub(super) struct Decoder {
    framing: Framing,
    state: State,
    /// Chunks that began.
    chunks: u64,
    /// Content in them.
    total: u64,
    size: u64,
    digest: digest::Context,
    signature: String,
}

enum State {
    /// The line before a chunk, as far as it came.
    Line(Vec<u8>),
    Content {
        left: u64,
    },
    /// The line end after a chunk.
    End(Vec<u8>),
    /// Everything after the last chunk's line, as far as it came.
    Trailers(Vec<u8>),
}

impl Decoder {
    pub(super) fn new(framing: Framing) -> Self {
        Self {
            framing,
            state: State::Line(Vec::new()),
            chunks: 0,
            total: 0,
            size: 0,
            digest: digest::Context::new(&digest::SHA256),
            signature: String::new(),
        }
    }

    /// Takes bytes from the front of `input` and gives the content that is next in them; none when `input` is used up.
    /// Content counts only once [`finish`](Self::finish) agreed.
    pub(super) fn next<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<&'a [u8]>, FramingError> {
        while let Some((&byte, rest)) = input.split_first() {
            match &mut self.state {
                State::Content { left } => {
                    let length = input.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    let (content, rest) = input.split_at(length);
                    *input = rest;
                    *left -= length as u64;
                    self.digest.update(content);
                    if *left == 0 {
                        self.check_signature()?;
                        self.state = State::End(Vec::new());
                    }
                    return Ok(Some(content));
                }
                State::Line(line) => {
                    line.push(byte);
                    *input = rest;
                    if let Some(text) = line.strip_suffix(b"\r\n") {
                        let text = str::from_utf8(text).map_err(|_| FramingError::Incomplete)?.to_owned();
                        self.begin_chunk(&text)?;
                    } else if line.len() > MAX_LINE {
                        return Err(FramingError::Incomplete);
                    }
                }
                State::End(end) => {
                    end.push(byte);
                    *input = rest;
                    match end.as_slice() {
                        b"\r" => {}
                        b"\r\n" => self.state = State::Line(Vec::new()),
                        _ => return Err(FramingError::Incomplete),
                    }
                }
                State::Trailers(trailers) => {
                    if trailers.len() + input.len() > MAX_TRAILERS {
                        return Err(FramingError::Trailers);
                    }
                    trailers.extend_from_slice(input);
                    *input = &[];
                }
            }
        }
        Ok(None)
    }

    /// `string(IntHexBase(chunk-size)) + ";chunk-signature=" + signature`, or the size alone.
    fn begin_chunk(&mut self, line: &str) -> Result<(), FramingError> {
        let (size, signature) = match &self.framing.chain {
            Some(_) => line.split_once(";chunk-signature=").ok_or(FramingError::Incomplete)?,
            None => (line, ""),
        };
        let is_hex = (1..=16).contains(&size.len()) && size.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_hex || (self.framing.chain.is_some() && signature.is_empty()) {
            return Err(FramingError::Incomplete);
        }
        let size = u64::from_str_radix(size, 16).map_err(|_| FramingError::Incomplete)?;
        self.chunks += 1;
        if size > 0 && self.chunks > 1 && self.size < MIN_CHUNK {
            return Err(FramingError::SmallChunk { number: self.chunks, size: self.size });
        }
        self.total = self.total.saturating_add(size);
        let expected = self.framing.decoded_length;
        if self.total > expected || (size == 0 && self.total != expected) {
            return Err(FramingError::WrongLength { expected, provided: self.total });
        }
        self.size = size;
        self.digest = digest::Context::new(&digest::SHA256);
        signature.clone_into(&mut self.signature);
        self.state = if size > 0 { State::Content { left: size } } else { State::Trailers(Vec::new()) };
        if size == 0 { self.check_signature() } else { Ok(()) }
    }

    fn check_signature(&mut self) -> Result<(), FramingError> {
        let Some(chain) = &mut self.framing.chain else { return Ok(()) };
        let digest = self.digest.clone().finish();
        if chain.accepts_chunk(digest.as_ref(), &self.signature) { Ok(()) } else { Err(FramingError::Signature) }
    }

    /// The body is over: gives the trailer that came, as it was written.
    pub(super) fn finish(self) -> Result<Option<(Algorithm, String)>, FramingError> {
        let State::Trailers(bytes) = self.state else { return Err(FramingError::Incomplete) };
        let text = String::from_utf8(bytes).map_err(|_| FramingError::Incomplete)?;
        // S3 takes a body without this last line end, which cannot be told from one that was cut.
        let lines = text.strip_suffix("\r\n").ok_or(FramingError::Incomplete)?;
        let mut trailers = Vec::new();
        for line in lines.split_terminator("\r\n") {
            // Within a trailer chunk, a line feed ends each trailer.
            let line = line.strip_suffix('\n').unwrap_or(line);
            if line.is_empty() {
                return Err(FramingError::Trailers);
            }
            let (name, value) = line.split_once(':').ok_or(FramingError::Incomplete)?;
            if line.bytes().any(|byte| byte.is_ascii_control()) {
                return Err(FramingError::Incomplete);
            }
            trailers.push((name.to_ascii_lowercase(), value.trim()));
        }
        if !lines.is_empty() && !lines.ends_with("\r\n") {
            return Err(FramingError::Incomplete);
        }
        let Framing { chain, has_trailers, trailer: announced, .. } = self.framing;
        if !has_trailers {
            return if trailers.is_empty() { Ok(None) } else { Err(FramingError::Incomplete) };
        }
        if let Some(mut chain) = chain {
            let signature = match trailers.pop() {
                Some((name, signature)) if name == TRAILER_SIGNATURE => signature,
                _ => return Err(FramingError::Incomplete),
            };
            trailers.sort();
            let signed: String = trailers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
            if !chain.accepts_trailers(&signed, signature) {
                return Err(FramingError::Signature);
            }
        }
        match (announced, trailers.as_slice()) {
            (None, []) => Ok(None),
            (Some(algorithm), [(name, value)]) if algorithm.header() == name.as_str() => {
                Ok(Some((algorithm, (*value).to_owned())))
            }
            _ => Err(FramingError::Trailers),
        }
    }
}

#[cfg(test)]
mod tests;
