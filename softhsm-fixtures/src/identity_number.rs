//! State identity numbers of Kazakhstan and Russia, completed with their check digits.
//!
//! Each function takes the digits without the check digits, so that no number here can be wrong by a slip of the hand.

/// Kazakhstan's IIN and BIN: eleven digits and a check digit.
///
/// Rule of the state register: weights 1 to 11, modulo 11; when that gives 10, weights 3 to 11, 1, 2.
///
/// # Panics
/// When both rounds give 10: such a stem is never issued.
pub(crate) fn kazakh(stem: &str) -> String {
    let first = weighted(stem, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]) % 11;
    let check = if first < 10 {
        first
    } else {
        weighted(stem, &[3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2]) % 11
    };
    assert!(check < 10, "no number with the stem {stem} is ever issued");
    format!("{stem}{check}")
}

/// A Russian legal entity's INN: nine digits and a check digit.
pub(crate) fn inn_of_organisation(stem: &str) -> String {
    format!("{stem}{}", weighted(stem, &[2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10)
}

/// A Russian natural person's INN: ten digits and two check digits.
pub(crate) fn inn_of_person(stem: &str) -> String {
    let first = format!("{stem}{}", weighted(stem, &[7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10);
    let second = weighted(&first, &[3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10;
    format!("{first}{second}")
}

/// OGRN: twelve digits and a check digit.
pub(crate) fn ogrn(stem: &str) -> String {
    let number: u64 = digits(stem).fold(0, |number, digit| number * 10 + u64::from(digit));
    format!("{stem}{}", number % 11 % 10)
}

/// SNILS: nine digits and a two-digit checksum.
pub(crate) fn snils(stem: &str) -> String {
    format!("{stem}{:02}", weighted(stem, &[9, 8, 7, 6, 5, 4, 3, 2, 1]) % 101 % 100)
}

fn weighted(stem: &str, weights: &[u32]) -> u32 {
    digits(stem).zip(weights).map(|(digit, weight)| digit * weight).sum()
}

fn digits(text: &str) -> impl Iterator<Item = u32> {
    text.chars().filter_map(|character| character.to_digit(10))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers from public registers of well-known companies, and the examples in the authorities' own texts.
    #[test]
    fn published_numbers_come_out() {
        assert_eq!(kazakh("97124000131"), "971240001315");
        assert_eq!(inn_of_organisation("770708389"), "7707083893");
        assert_eq!(inn_of_person("5001007322"), "500100732259");
        assert_eq!(ogrn("102770013219"), "1027700132195");
        assert_eq!(snils("112233445"), "11223344595");
    }
}
