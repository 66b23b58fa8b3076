//! How long somebody is waited for who works at a pace of their own: so many looks, with a pause between two.

use std::time::Duration;

/// So many looks. A clock would do as well, but what is slow here is each look itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Patience {
    pub(crate) looks: u32,
    pub(crate) pause: Duration,
}

impl Patience {
    /// Looks until there is something to be seen, or an error that waiting does not mend. `Ok(None)`: it did not come.
    pub(crate) fn wait<T>(self, mut look: impl FnMut() -> Result<Option<T>, String>) -> Result<Option<T>, String> {
        for left in (0..self.looks).rev() {
            if let Some(found) = look()? {
                return Ok(Some(found));
            }
            if left > 0 {
                std::thread::sleep(self.pause);
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_ends_with_what_came_with_an_error_or_with_nothing() {
        let patience = Patience { looks: 3, pause: Duration::ZERO };
        let mut looks = 0;
        let mut look_until = |come: u32| {
            looks = 0;
            patience.wait(|| {
                looks += 1;
                Ok((looks == come).then_some(looks))
            })
        };
        assert_eq!((look_until(2), look_until(4)), (Ok(Some(2)), Ok(None)));
        assert_eq!(looks, 3);
        assert_eq!(patience.wait::<()>(|| Err("gone".to_owned())), Err("gone".to_owned()));
    }
}
