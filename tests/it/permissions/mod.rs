//! Who gets what, everywhere: attacks, and what they are answered.

mod attacks;
