//! Dates and times as text (ISO 8601 as RFC 3339 profiles it), to the microsecond.

/// A day and a time of day, as the calendar writes them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// 1 to 9999.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
    /// 0 to 999,999.
    pub microsecond: u32,
}

/// The longest text: `9999-12-31T23:59:59.999999+23:59`.
const LONGEST: usize = 32;

/// A short text without an allocation.
#[derive(Debug)]
pub struct Text {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Text {
    fn new() -> Self {
        Self { bytes: [0; LONGEST], length: 0 }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.length).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = byte;
            self.length += 1;
        }
    }

    fn digits(&mut self, number: u32, mut unit: u32) {
        while unit > 0 {
            self.push(b'0' + (number / unit % 10) as u8);
            unit /= 10;
        }
    }
}

impl Moment {
    fn write_date(&self, text: &mut Text) {
        text.digits(self.year.into(), 1000);
        text.push(b'-');
        text.digits(self.month.into(), 10);
        text.push(b'-');
        text.digits(self.day.into(), 10);
    }

    fn write_time(&self, text: &mut Text) {
        text.digits(self.hour.into(), 10);
        text.push(b':');
        text.digits(self.minute.into(), 10);
        text.push(b':');
        text.digits(self.second.into(), 10);
        if self.microsecond != 0 {
            text.push(b'.');
            text.digits(self.microsecond, 100_000);
        }
    }

    /// `2020-01-31`.
    #[must_use]
    pub fn date(&self) -> Text {
        let mut text = Text::new();
        self.write_date(&mut text);
        text
    }

    /// `23:59:59`, with six more digits if there are microseconds.
    #[must_use]
    pub fn time(&self) -> Text {
        let mut text = Text::new();
        self.write_time(&mut text);
        text
    }

    /// `2020-01-31T23:59:59`; with an offset in minutes `Z` or `+05:30` behind it.
    #[must_use]
    pub fn date_time(&self, offset: Option<i32>) -> Text {
        let mut text = Text::new();
        self.write_date(&mut text);
        text.push(b'T');
        self.write_time(&mut text);
        match offset {
            None => {}
            Some(0) => text.push(b'Z'),
            Some(minutes) => {
                text.push(if minutes < 0 { b'-' } else { b'+' });
                text.digits(minutes.unsigned_abs() / 60, 10);
                text.push(b':');
                text.digits(minutes.unsigned_abs() % 60, 10);
            }
        }
        text
    }
}

/// Reads `2020-01-31`.
#[must_use]
pub fn read_date(text: &str) -> Option<Moment> {
    let mut rest = text.as_bytes();
    let moment = take_date(&mut rest)?;
    rest.is_empty().then_some(moment)
}

/// Reads `23:59:59` with or without a fraction.
#[must_use]
pub fn read_time(text: &str) -> Option<Moment> {
    let mut rest = text.as_bytes();
    let moment = take_time(&mut rest, Moment::default())?;
    rest.is_empty().then_some(moment)
}

/// Reads a date and a time, and the offset in minutes if there is one.
#[must_use]
pub fn read_date_time(text: &str) -> Option<(Moment, Option<i32>)> {
    let mut rest = text.as_bytes();
    let moment = take_date(&mut rest)?;
    take(&mut rest, b'T').or_else(|| take(&mut rest, b't'))?;
    let moment = take_time(&mut rest, moment)?;
    let (sign, after) = match rest.split_first() {
        None => return Some((moment, None)),
        Some((b'Z' | b'z', [])) => return Some((moment, Some(0))),
        Some((b'+', after)) => (1, after),
        Some((b'-', after)) => (-1, after),
        _ => return None,
    };
    rest = after;
    let hours = take_digits(&mut rest, 2, 23)?;
    take(&mut rest, b':')?;
    let minutes = take_digits(&mut rest, 2, 59)?;
    let offset = i32::try_from(hours * 60 + minutes).ok()? * sign;
    rest.is_empty().then_some((moment, Some(offset)))
}

fn take_date(rest: &mut &[u8]) -> Option<Moment> {
    let year = take_digits(rest, 4, 9999)? as u16;
    take(rest, b'-')?;
    let month = take_digits(rest, 2, 12)? as u8;
    take(rest, b'-')?;
    let day = take_digits(rest, 2, 31)? as u8;
    (year > 0 && month > 0 && day > 0).then_some(Moment { year, month, day, ..Moment::default() })
}

fn take_time(rest: &mut &[u8], day: Moment) -> Option<Moment> {
    let hour = take_digits(rest, 2, 23)? as u8;
    take(rest, b':')?;
    let minute = take_digits(rest, 2, 59)? as u8;
    take(rest, b':')?;
    let second = take_digits(rest, 2, 59)? as u8;
    let mut microsecond = 0;
    if rest.first() == Some(&b'.') {
        take(rest, b'.')?;
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        // Fewer than six stand for longer fractions; more than six would be lost.
        if !(1..=6).contains(&digits) {
            return None;
        }
        microsecond = take_digits(rest, digits, 999_999)? * 10u32.pow(6 - digits as u32);
    }
    Some(Moment { hour, minute, second, microsecond, ..day })
}

fn take(rest: &mut &[u8], byte: u8) -> Option<()> {
    *rest = rest.strip_prefix(&[byte])?;
    Some(())
}

fn take_digits(rest: &mut &[u8], count: usize, most: u32) -> Option<u32> {
    let (digits, after) = rest.split_at_checked(count)?;
    let mut number = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        number = number * 10 + u32::from(digit - b'0');
    }
    *rest = after;
    (number <= most).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: Moment =
        Moment { year: 2020, month: 1, day: 31, hour: 23, minute: 59, second: 5, microsecond: 40 };

    #[test]
    fn there_and_back() {
        for (offset, text) in [
            (None, "2020-01-31T23:59:05.000040"),
            (Some(0), "2020-01-31T23:59:05.000040Z"),
            (Some(330), "2020-01-31T23:59:05.000040+05:30"),
            (Some(-1439), "2020-01-31T23:59:05.000040-23:59"),
        ] {
            assert_eq!(MOMENT.date_time(offset).as_str(), text);
            assert_eq!(read_date_time(text), Some((MOMENT, offset)));
        }
        assert_eq!(MOMENT.date().as_str(), "2020-01-31");
        assert_eq!(MOMENT.time().as_str(), "23:59:05.000040");
        assert_eq!(read_time("23:59:05.00004").unwrap().microsecond, 40);
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2020",
            "2020-01-31",
            "2020-01-31T",
            "2020-13-01T00:00:00",
            "0000-01-01T00:00:00",
            "2020-01-01T24:00:00",
            "2020-01-01T00:00:60",
            "2020-01-01T00:00:00.",
            "2020-01-01T00:00:00.1234567",
            "2020-01-01T00:00:00+0530",
            "2020-01-01T00:00:00Zx",
            "2020-01-01 00:00:00",
            "2020-01-0é",
        ] {
            assert_eq!(read_date_time(text), None, "{text}");
        }
    }
}
