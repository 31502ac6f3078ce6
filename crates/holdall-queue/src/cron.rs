//! When a schedule fires: five fields and a time zone.

use croner::Cron as Pattern;
use croner::errors::CronError;
use croner::parser::{CronParser, Seconds, Year};
use holdall_types::{Error, ErrorKind, Result};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// What stands before the zone in the text, as in other crons: `CRON_TZ=Europe/Berlin 0 9 * * 1-5`.
const ZONE: &str = "CRON_TZ=";

/// A cron expression in a time zone.
///
/// Where clocks go forward, a time of day that is left out (`30 2 * * *`) fires when the gap ends; where
/// they go back, one that comes twice fires the first time. What fires at intervals (`*/10 * * * *`,
/// `0 * * * *`) keeps to them on both days. No instant ever fires twice.
//
// Not the crate cronexpr: its `L` never matches in December, both hours of an overlap fire, and times
// near the end of the calendar panic (1.7.0).
#[derive(Clone, Debug)]
pub struct Schedule {
    text: String,
    pattern: Pattern,
    zone: TimeZone,
}

impl Schedule {
    /// An expression with five fields (minute, hour, day of month, month, day of week) or a nickname like
    /// `@daily`, in a zone of the IANA database. The zone may stand in the expression: `CRON_TZ=zone fields`.
    /// Without any it is UTC.
    ///
    /// # Errors
    /// `Validation` if the expression or the zone cannot be understood, or both name a zone.
    pub fn new(expression: &str, zone: Option<&str>) -> Result<Self> {
        let expression = expression.trim();
        let (named, fields) = match expression.strip_prefix(ZONE) {
            Some(rest) => {
                rest.split_once(char::is_whitespace).map(|(zone, fields)| (Some(zone), fields.trim()))
            }
            None => Some((None, expression)),
        }
        .ok_or_else(|| refused(expression, "there is nothing after the zone"))?;
        if named.is_some() && zone.is_some() {
            return Err(refused(
                expression,
                "it names a time zone, and another argument does so too; leave one out",
            ));
        }
        let zone = named.or(zone);
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let pattern = parser.parse(fields).map_err(|error| refused(expression, &says(&error)))?;
        let text = zone.map_or_else(|| fields.to_owned(), |zone| format!("{ZONE}{zone} {fields}"));
        let zone = match zone {
            Some(name) => TimeZone::get(name).map_err(|error| {
                let message = format!(
                    "there is no time zone {name:?}; name one of the IANA database, as \"Europe/Berlin\" or \"UTC\""
                );
                Error::new(ErrorKind::Validation, message).caused_by(error)
            })?,
            None => TimeZone::UTC,
        };
        Ok(Self { text, pattern, zone })
    }

    /// As the row keeps it, and as [`new`](Schedule::new) reads it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The first time after this one at which it fires, in wall milliseconds.
    ///
    /// # Errors
    /// `Validation` if there is none, as on 30 February, or none in the calendar.
    pub fn next(&self, after: u64) -> Result<u64> {
        let out_of_time = || refused(&self.text, "its next time is not in the calendar");
        let after = i64::try_from(after).ok().and_then(|after| Timestamp::from_millisecond(after).ok());
        let after = after.ok_or_else(out_of_time)?.to_zoned(self.zone.clone());
        let next = self.pattern.find_next_occurrence(&after, false).map_err(|error| match error {
            CronError::TimeSearchLimitExceeded => refused(&self.text, "it never fires: there is no such day"),
            other => refused(&self.text, &says(&other)),
        })?;
        // The search goes by the wall clock of the zone: make sure that time went on.
        let next = next.timestamp();
        if next <= after.timestamp() {
            return Err(out_of_time());
        }
        u64::try_from(next.as_millisecond()).map_err(|_| out_of_time())
    }
}

/// The crate's own words, without the names of its types.
fn says(error: &CronError) -> String {
    match error {
        CronError::EmptyPattern => "it is empty".into(),
        CronError::InvalidPattern(why)
        | CronError::IllegalCharacters(why)
        | CronError::ComponentError(why) => why.clone(),
        _ => "it never fires: there is no such day".into(),
    }
}

fn refused(expression: &str, why: &str) -> Error {
    let message = format!(
        "the cron expression {expression:?} cannot be used: {why}; write five fields, minute, hour, day of \
         month, month and day of week, as in \"30 9 * * 1-5\""
    );
    Error::new(ErrorKind::Validation, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn ms(text: &str) -> u64 {
        u64::try_from(text.parse::<Timestamp>().unwrap().as_millisecond()).unwrap()
    }

    fn fires(expression: &str, zone: &str, after: &str, times: usize) -> Vec<String> {
        let schedule = Schedule::new(expression, Some(zone)).unwrap();
        let mut now = ms(after);
        let mut next = || {
            now = schedule.next(now).unwrap();
            let zoned = Timestamp::from_millisecond(i64::try_from(now).unwrap()).unwrap();
            zoned.to_zoned(schedule.zone.clone()).strftime("%m-%d %H:%M%:z").to_string()
        };
        (0..times).map(|_| next()).collect()
    }

    #[test]
    fn the_next_time_is_after_this_one() {
        let schedule = Schedule::new("*/15 * * * *", None).unwrap();
        let quarter = ms("2026-03-01T10:15:00Z");
        for (after, next) in [
            ("2026-03-01T10:14:59.999Z", quarter),
            ("2026-03-01T10:00:00Z", quarter),
            ("2026-03-01T10:15:00Z", ms("2026-03-01T10:30:00Z")),
            ("2026-03-01T10:15:00.001Z", ms("2026-03-01T10:30:00Z")),
        ] {
            assert_eq!(schedule.next(ms(after)).unwrap(), next, "{after}");
        }
        assert_eq!(schedule.next(0).unwrap(), 15 * 60 * 1000);
    }

    #[test]
    fn zones_and_fields() {
        assert_eq!(
            fires("0 9 * * 1-5", "Europe/Berlin", "2026-06-05T10:00:00Z", 2),
            ["06-08 09:00+02:00", "06-09 09:00+02:00"]
        );
        assert_eq!(
            fires("0 0 L * *", "UTC", "2026-11-15T00:00:00Z", 2),
            ["11-30 00:00+00:00", "12-31 00:00+00:00"]
        );
        assert_eq!(fires("0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", 1), ["02-29 00:00+00:00"], "in 2104");
        assert_eq!(fires("@daily", "Asia/Kathmandu", "2026-01-01T00:00:00Z", 1), ["01-02 00:00+05:45"]);
        assert_eq!(
            fires("0 12 1 * 1", "UTC", "2026-06-01T12:00:00Z", 2),
            ["06-08 12:00+00:00", "06-15 12:00+00:00"],
            "either day will do"
        );
    }

    #[test]
    fn a_time_that_is_left_out_fires_when_the_gap_ends() {
        let (zone, before) = ("Europe/Berlin", "2026-03-28T12:00:00Z");
        assert_eq!(
            fires("30 2 * * *", zone, before, 2),
            ["03-29 03:00+02:00", "03-30 02:30+02:00"],
            "from 2:00 to 3:00 there is nothing"
        );
        assert_eq!(
            fires("0,30 2,3 * * *", zone, before, 4),
            ["03-29 03:00+02:00", "03-29 03:30+02:00", "03-30 02:00+02:00", "03-30 02:30+02:00"],
            "and once, whatever else would fire then"
        );
        assert_eq!(
            fires("*/30 * * * *", zone, "2026-03-29T00:00:00Z", 3),
            ["03-29 01:30+01:00", "03-29 03:00+02:00", "03-29 03:30+02:00"]
        );
        assert_eq!(
            fires("0 0 * * *", "America/Santiago", "2026-09-05T12:00:00Z", 2),
            ["09-06 01:00-03:00", "09-07 00:00-03:00"],
            "where there is no midnight"
        );
    }

    #[test]
    fn a_time_that_comes_twice_fires_once() {
        let (zone, before) = ("Europe/Berlin", "2026-10-24T12:00:00Z");
        assert_eq!(fires("30 2 * * *", zone, before, 2), ["10-25 02:30+02:00", "10-26 02:30+01:00"]);
        assert_eq!(
            fires("0 * * * *", zone, "2026-10-24T23:30:00Z", 4),
            ["10-25 02:00+02:00", "10-25 02:00+01:00", "10-25 03:00+01:00", "10-25 04:00+01:00"],
            "every hour is every hour"
        );
        let again = Schedule::new("30 2 * * *", Some(zone)).unwrap();
        for minute in 0..120 {
            let within = ms("2026-10-25T00:30:00Z") + minute * 60_000;
            assert_eq!(again.next(within).unwrap(), ms("2026-10-26T01:30:00Z"), "minute {minute} of it");
        }
    }

    #[test]
    fn time_always_goes_on() {
        // Around both changes of several zones, from odd moments too.
        for zone in
            ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Gaza"]
        {
            for expression in ["*/7 * * * *", "13 1-3 * * *", "0 2 * * *", "59 23 * * 0", "30 */2 L * *"] {
                let schedule = Schedule::new(expression, Some(zone)).unwrap();
                let mut now = ms("2026-01-01T00:00:00.001Z");
                for _ in 0..600 {
                    let next = schedule.next(now).unwrap();
                    assert!(next > now, "{expression} {zone} {now}");
                    assert_eq!(schedule.next(next - 1).unwrap(), next, "{expression} {zone} {now}");
                    now = next;
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_is_refused_and_at_once() {
        let began = Instant::now();
        for (expression, zone, reason) in [
            ("", None, "empty"),
            ("* * * *", None, "five fields"),
            ("* * * * * *", None, "five fields"),
            ("61 * * * *", None, "61"),
            ("* * * * MOO", None, "five fields"),
            ("@fortnightly", None, "five fields"),
            ("* * * * *", Some("Europe/Atlantis"), "no time zone \"Europe/Atlantis\""),
            ("CRON_TZ=UTC", None, "nothing after the zone"),
            ("CRON_TZ=UTC * * * * *", Some("UTC"), "leave one out"),
        ] {
            let error = Schedule::new(expression, zone).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Validation);
            assert!(error.message().contains(reason), "{expression}: {error}");
        }
        for (expression, reason) in [("0 0 30 2 *", "never fires"), ("0 0 31 2,4,6,9,11 *", "never fires")] {
            let error =
                Schedule::new(expression, Some("Europe/Berlin")).unwrap().next(ms("2026-01-01T00:00:00Z"));
            let error = error.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Validation);
            assert!(error.message().contains(reason), "{expression}: {error}");
        }
        let yearly = Schedule::new("0 0 1 1 *", None).unwrap();
        for late in [u64::MAX, i64::MAX as u64, ms("9999-12-30T00:00:00Z")] {
            assert_eq!(yearly.next(late).unwrap_err().kind(), ErrorKind::Validation);
        }
        assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
    }

    #[test]
    fn what_is_kept_is_read() {
        for (expression, zone, text) in [
            (" 0 9 * * 1-5 ", None, "0 9 * * 1-5"),
            ("0 9 * * *", Some("Europe/Berlin"), "CRON_TZ=Europe/Berlin 0 9 * * *"),
            ("CRON_TZ=Asia/Tokyo  @hourly", None, "CRON_TZ=Asia/Tokyo @hourly"),
        ] {
            let schedule = Schedule::new(expression, zone).unwrap();
            assert_eq!(schedule.text(), text);
            let again = Schedule::new(text, None).unwrap();
            assert_eq!((again.text(), again.next(0).unwrap()), (text, schedule.next(0).unwrap()));
        }
    }
}
