//! Python's dates, times and spans, and their texts.

use std::sync::Mutex;

use holdall_codec::cbor::time::Moment;
use holdall_codec::cbor::{Writer, tag};
use holdall_codec::{Buffer, cbor::time};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{
    PyDate, PyDateAccess, PyDateTime, PyDelta, PyDeltaAccess, PyTime, PyTimeAccess, PyTzInfo, PyTzInfoAccess,
};

use super::kind::{Kind, kind_of};
use super::walker::Stop;

const DAY: i64 = 86_400;

/// The rest of a moment that its text does not say.
pub enum Rest<'py> {
    /// Nothing.
    None,
    /// The fold, and the zone where there is one: they are written as two more arguments.
    More(u8, Option<Bound<'py, PyTzInfo>>),
}

/// Writes a datetime, or its front and text.
pub fn write_date_time<'py, B: Buffer>(
    value: &Bound<'py, PyDateTime>,
    out: &mut Writer<B>,
) -> Result<Rest<'py>, Stop> {
    let moment = Moment {
        year: value.get_year() as u16,
        month: value.get_month(),
        day: value.get_day(),
        hour: value.get_hour(),
        minute: value.get_minute(),
        second: value.get_second(),
        microsecond: value.get_microsecond(),
    };
    let (fold, zone) = (u8::from(value.get_fold()), value.get_tzinfo());
    if let Some(zone) = &zone
        && fold == 0
        && let Some(minutes) = whole_minutes(zone)?
    {
        out.tag(tag::DATE_TIME)?;
        out.text(moment.date_time(Some(minutes)).as_str())?;
        return Ok(Rest::None);
    }
    rest("datetime.datetime", moment.date_time(None).as_str(), fold, zone, out)
}

/// Writes a time of day, or its front and text.
pub fn write_time<'py, B: Buffer>(
    value: &Bound<'py, PyTime>,
    out: &mut Writer<B>,
) -> Result<Rest<'py>, Stop> {
    let moment = Moment {
        hour: value.get_hour(),
        minute: value.get_minute(),
        second: value.get_second(),
        microsecond: value.get_microsecond(),
        ..Moment::default()
    };
    rest("datetime.time", moment.time().as_str(), u8::from(value.get_fold()), value.get_tzinfo(), out)
}

fn rest<'py, B: Buffer>(
    name: &str,
    text: &str,
    fold: u8,
    zone: Option<Bound<'py, PyTzInfo>>,
    out: &mut Writer<B>,
) -> Result<Rest<'py>, Stop> {
    let more = fold != 0 || zone.is_some();
    out.named(name, if more { 3 } else { 1 })?;
    out.text(text)?;
    Ok(if more { Rest::More(fold, zone) } else { Rest::None })
}

/// Writes a date.
pub fn write_date<B: Buffer>(value: &Bound<'_, PyDate>, out: &mut Writer<B>) -> Result<(), Stop> {
    let moment = Moment {
        year: value.get_year() as u16,
        month: value.get_month(),
        day: value.get_day(),
        ..Moment::default()
    };
    out.tag(tag::DATE)?;
    Ok(out.text(moment.date().as_str())?)
}

/// Writes a span of time.
pub fn write_delta<B: Buffer>(value: &Bound<'_, PyDelta>, out: &mut Writer<B>) -> Result<(), Stop> {
    let seconds = i64::from(value.get_days()) * DAY + i64::from(value.get_seconds());
    let micros = i64::from(value.get_microseconds());
    out.tag(tag::DURATION)?;
    out.map(if micros == 0 { 1 } else { 2 })?;
    out.int(1)?;
    out.int(seconds)?;
    if micros != 0 {
        out.int(-6)?;
        out.int(micros)?;
    }
    Ok(())
}

/// The offset of an unnamed fixed zone of whole minutes; `None` for any other zone.
fn whole_minutes(zone: &Bound<'_, PyTzInfo>) -> Result<Option<i32>, Stop> {
    let py = zone.py();
    if zone.is(&*PyTzInfo::utc(py)?) {
        return Ok(Some(0));
    }
    if !matches!(*kind_of(&zone.get_type())?, Kind::TimeZone) {
        return Ok(None);
    }
    let arguments = zone_arguments(zone)?;
    if arguments.len()? != 1 {
        return Ok(None);
    }
    let offset = arguments.get_item(0)?.cast_into::<PyDelta>().map_err(PyErr::from)?;
    let seconds = i64::from(offset.get_days()) * DAY + i64::from(offset.get_seconds());
    let whole = seconds % 60 == 0 && offset.get_microseconds() == 0 && seconds != 0;
    Ok(whole.then(|| i32::try_from(seconds / 60).unwrap_or(0)))
}

/// What a `datetime.timezone` was made of: its offset, and its name if it has one.
pub fn zone_arguments<'py>(zone: &Bound<'py, PyTzInfo>) -> PyResult<Bound<'py, PyAny>> {
    zone.call_method0(intern!(zone.py(), "__getinitargs__"))
}

/// The datetime of a text, with a zone if the text has an offset, or of two more arguments.
pub fn date_time<'py>(
    py: Python<'py>,
    text: &str,
    fold: bool,
    zone: Option<&Bound<'py, PyTzInfo>>,
) -> PyResult<Bound<'py, PyAny>> {
    let (moment, offset) = time::read_date_time(text).ok_or_else(|| no_time(text))?;
    let from_text = match offset {
        None => None,
        Some(minutes) => Some(fixed(py, minutes)?),
    };
    if zone.is_some() && from_text.is_some() {
        return Err(no_time(text));
    }
    let zone = zone.or(from_text.as_ref());
    let Moment { year, month, day, hour, minute, second, microsecond } = moment;
    let made = PyDateTime::new_with_fold(
        py,
        year.into(),
        month,
        day,
        hour,
        minute,
        second,
        microsecond,
        zone,
        fold,
    )?;
    Ok(made.into_any())
}

/// The time of day of a text.
pub fn time_of_day<'py>(
    py: Python<'py>,
    text: &str,
    fold: bool,
    zone: Option<&Bound<'py, PyTzInfo>>,
) -> PyResult<Bound<'py, PyAny>> {
    let Moment { hour, minute, second, microsecond, .. } =
        time::read_time(text).ok_or_else(|| no_time(text))?;
    Ok(PyTime::new_with_fold(py, hour, minute, second, microsecond, zone, fold)?.into_any())
}

/// The date of a text.
pub fn date<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    let moment = time::read_date(text).ok_or_else(|| no_time(text))?;
    Ok(PyDate::new(py, moment.year.into(), moment.month, moment.day)?.into_any())
}

/// The span of so many seconds and microseconds.
pub fn delta(py: Python<'_>, seconds: i64, micros: i64) -> PyResult<Bound<'_, PyAny>> {
    let days = i32::try_from(seconds.div_euclid(DAY)).map_err(|_| no_time("a span"))?;
    let rest = i32::try_from(seconds.rem_euclid(DAY)).unwrap_or(0);
    let micros = i32::try_from(micros).ok().filter(|micros| (0..1_000_000).contains(micros));
    let micros = micros.ok_or_else(|| no_time("a span's microseconds"))?;
    Ok(PyDelta::new(py, days, rest, micros, false)?.into_any())
}

/// The unnamed zone of an offset; records of one place share it.
fn fixed(py: Python<'_>, minutes: i32) -> PyResult<Bound<'_, PyTzInfo>> {
    static LAST: Mutex<Option<(i32, Py<PyTzInfo>)>> = Mutex::new(None);
    if minutes == 0 {
        return Ok(PyTzInfo::utc(py)?.to_owned());
    }
    if let Ok(last) = LAST.lock()
        && let Some((known, zone)) = &*last
        && *known == minutes
    {
        return Ok(zone.bind(py).clone());
    }
    let zone = PyTzInfo::fixed_offset(py, PyDelta::new(py, 0, minutes * 60, 0, true)?)?;
    if let Ok(mut last) = LAST.lock() {
        *last = Some((minutes, zone.clone().unbind()));
    }
    Ok(zone)
}

fn no_time(text: &str) -> PyErr {
    PyValueError::new_err(format!("{text:?} is no date or time that holdall writes"))
}
