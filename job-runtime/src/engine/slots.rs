//! A table of records with stable numbers, which reuses the places of removed ones.

/// Records by number.
#[derive(Debug)]
pub(crate) struct Slots<T> {
    cells: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Slots<T> {
    pub(crate) const fn new() -> Self {
        Self { cells: Vec::new(), free: Vec::new() }
    }

    /// The number the next record will get.
    pub(crate) fn next(&self) -> u32 {
        self.free.last().copied().unwrap_or_else(|| u32::try_from(self.cells.len()).unwrap_or(u32::MAX))
    }

    pub(crate) fn insert(&mut self, value: T) -> u32 {
        let slot = self.next();
        match self.free.pop().and_then(|free| self.cells.get_mut(index(free))) {
            Some(cell) => *cell = Some(value),
            None => self.cells.push(Some(value)),
        }
        slot
    }

    pub(crate) fn get(&self, slot: u32) -> Option<&T> {
        self.cells.get(index(slot))?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut T> {
        self.cells.get_mut(index(slot))?.as_mut()
    }

    pub(crate) fn remove(&mut self, slot: u32) -> Option<T> {
        let value = self.cells.get_mut(index(slot))?.take()?;
        self.free.push(slot);
        Some(value)
    }

    pub(crate) fn len(&self) -> usize {
        self.cells.len() - self.free.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        (0..).zip(&self.cells).filter_map(|(slot, cell)| Some((slot, cell.as_ref()?)))
    }

    /// The numbers in use, so that the table may change while they are walked.
    pub(crate) fn keys(&self) -> Vec<u32> {
        self.iter().map(|(slot, _)| slot).collect()
    }
}

fn index(slot: u32) -> usize {
    usize::try_from(slot).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_reused() {
        let mut slots = Slots::new();
        let (a, b) = (slots.insert("a"), slots.insert("b"));
        assert_eq!(slots.remove(a), Some("a"));
        assert_eq!(slots.remove(a), None);
        assert_eq!(slots.next(), a);
        assert_eq!(slots.insert("c"), a);
        assert_eq!((slots.get(a), slots.get(b), slots.len()), (Some(&"c"), Some(&"b"), 2));
        assert_eq!(slots.keys(), [a, b]);
    }
}
