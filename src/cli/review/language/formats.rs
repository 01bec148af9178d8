//! How a language writes numbers and dates: what ICU4X knows of it.

use chrono::{Datelike, NaiveDate};
use fluent_bundle::FluentValue;
use icu_calendar::Gregorian;
use icu_datetime::input::Date;
use icu_datetime::options::TimePrecision;
use icu_datetime::{FixedCalendarDateTimeFormatter, fieldsets};
use icu_decimal::DecimalFormatter;
use icu_decimal::input::Decimal as Digits;
use icu_locale_core::Locale;
use intl_memoizer::{IntlLangMemoizer, Memoizable};
use unic_langid::LanguageIdentifier;

/// How a language writes numbers.
pub(super) struct Numbers(DecimalFormatter);

impl Numbers {
    /// The numbers of a locale.
    pub fn new(locale: &Locale) -> anyhow::Result<Numbers> {
        Ok(Numbers(DecimalFormatter::try_new(locale.into(), Default::default())?))
    }

    /// A number with the separators of its language.
    pub fn write(&self, digits: &Digits) -> String {
        self.0.format(digits).to_string()
    }
}

/// For messages, which have a cache of their own.
impl Memoizable for Numbers {
    type Args = ();
    type Error = anyhow::Error;

    fn construct(language: LanguageIdentifier, (): ()) -> anyhow::Result<Numbers> {
        Numbers::new(&language.to_string().parse()?)
    }
}

/// A number in a message, with the separators of its language.
pub(super) fn shown(value: &FluentValue<'_>, cache: &IntlLangMemoizer) -> Option<String> {
    let FluentValue::Number(number) = value else { return None };
    let digits: Digits = number.as_string().parse().ok()?;
    cache.with_try_get::<Numbers, _, _>((), |numbers| numbers.write(&digits)).ok()
}

type Written<Fields> = FixedCalendarDateTimeFormatter<Gregorian, Fields>;

/// How a language writes dates.
pub(super) struct Dates {
    /// Dates with times.
    pub instant: Written<fieldsets::YMDT>,
    /// Dates.
    pub date: Written<fieldsets::YMD>,
    /// Months.
    pub month: Written<fieldsets::YM>,
    /// Weekdays, shortened.
    pub weekday: Written<fieldsets::E>,
}

impl Dates {
    /// The dates of a locale.
    pub fn new(locale: &Locale) -> anyhow::Result<Dates> {
        let instant = fieldsets::YMDT::long().with_time_precision(TimePrecision::Minute);
        Ok(Dates {
            instant: Written::try_new(locale.into(), instant)?,
            date: Written::try_new(locale.into(), fieldsets::YMD::long())?,
            month: Written::try_new(locale.into(), fieldsets::YM::long())?,
            weekday: Written::try_new(locale.into(), fieldsets::E::medium())?,
        })
    }
}

/// A date of the Gregorian calendar.
pub(super) fn date_of(date: NaiveDate) -> Option<Date<Gregorian>> {
    Date::try_new_gregorian(date.year(), date.month() as u8, date.day() as u8).ok()
}
