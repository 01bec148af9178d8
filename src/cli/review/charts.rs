//! Trends and shares as pictures: their geometry. The page's template draws them.

use super::language::Language;
use super::wording::holder;
use crate::codec::v1;

/// How wide a letter below the trend is, and the space between two names.
const LETTER: f64 = 6.6;
const BETWEEN_NAMES: f64 = 14.0;
/// How far names reach beyond the first and the last period.
const MARGIN: f64 = 34.0;

/// Eight heights of a bar.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// How an objective stood, period by period: the higher, the better; `·` says nothing.
pub(super) fn sparkline(trend: &[v1::ObjectivePoint]) -> String {
    let scale = Scale::of(trend.iter().filter_map(|point| share(&point.percent)), 7.0);
    let bar = |share: f64| BARS.get(scale.height(share).round() as usize).or(BARS.last());
    let bars = trend.iter().map(|point| share(&point.percent).and_then(bar));
    bars.map(|bar| bar.copied().unwrap_or('·')).collect()
}

/// A percentage as a number; none of nothing.
fn share(percent: &str) -> Option<f64> {
    percent.parse().ok()
}

/// From the tens just below the least share up to 100 percent.
#[derive(Clone, Copy)]
struct Scale {
    least: f64,
    height: f64,
}

impl Scale {
    fn of(shares: impl Iterator<Item = f64>, height: f64) -> Scale {
        let least = shares.fold(100.0, f64::min);
        Scale { least: ((least - 0.1).div_euclid(10.0) * 10.0).max(0.0), height }
    }

    fn height(self, share: f64) -> f64 {
        self.height * (share - self.least) / (100.0 - self.least)
    }

    fn down(self, share: f64) -> f64 {
        self.height - self.height(share)
    }
}

/// A line in a cell of a table.
#[derive(Debug)]
pub(super) struct Line {
    /// Its corners: `x,y x,y`.
    pub points: String,
    /// Its last point.
    pub x: f64,
    /// Its last point.
    pub y: f64,
}

/// An objective's trend, 90 wide and 18 high.
pub(super) fn line(trend: &[v1::ObjectivePoint]) -> Option<Line> {
    let shares: Vec<_> = trend.iter().map(|point| share(&point.percent)).collect();
    let scale = Scale::of(shares.iter().flatten().copied(), 18.0);
    let step = 90.0 / shares.len().saturating_sub(1).max(1) as f64;
    let shown = shares.iter().enumerate();
    let points: Vec<_> =
        shown.filter_map(|(i, s)| Some((i as f64 * step, scale.down((*s)?)))).collect();
    let (x, y) = points.last().copied().filter(|_| points.len() > 1)?;
    Some(Line { points: corners(&points), x, y })
}

fn corners(points: &[(f64, f64)]) -> String {
    let corners = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}"));
    corners.collect::<Vec<_>>().join(" ")
}

/// Both accounts, period by period.
#[derive(Debug)]
pub(super) struct Trend {
    /// Lines across, each with its percentage.
    pub rules: Vec<(f64, String)>,
    /// What stands below each period.
    pub periods: Vec<PeriodShown>,
    /// What it shows, in words.
    pub shown: String,
    /// By the contract.
    pub contractual: Vec<(f64, f64)>,
    /// As it was experienced.
    pub experienced: Vec<(f64, f64)>,
}

/// What stands below a period of the trend.
#[derive(Debug)]
pub(super) struct PeriodShown {
    /// From the left.
    pub x: f64,
    /// The period.
    pub name: String,
    /// Which side of its place the name is on, so that none is cut off.
    pub anchor: &'static str,
}

impl Trend {
    /// The corners of the contractual line.
    pub fn contractual_line(&self) -> String {
        corners(&self.contractual)
    }

    /// The corners of the experienced line.
    pub fn experienced_line(&self) -> String {
        corners(&self.experienced)
    }

    /// The corners of what lies between them.
    pub fn gap(&self) -> String {
        let back = self.experienced.iter().rev();
        corners(&self.contractual.iter().chain(back).copied().collect::<Vec<_>>())
    }
}

/// The trend of a contract's attainment, 560 wide and 120 high; none of a single period.
pub(super) fn trend(periods: &[v1::ReviewedPeriod], language: &Language) -> Option<Trend> {
    let of = |tally: &Option<v1::Tally>| share(&tally.as_ref()?.attainment);
    let both =
        |point: &v1::ReviewedPeriod| Some((of(&point.contractual)?, of(&point.experienced)?));
    let shown: Vec<_> = periods.iter().map(both).collect();
    if shown.iter().flatten().count() < 2 {
        return None;
    }
    let all = shown.iter().flatten().flat_map(|(one, other)| [*one, *other]);
    let scale = Scale::of(all, 120.0);
    let step = 560.0 / (periods.len() - 1).max(1) as f64;
    let at = |place: usize| place as f64 * step;
    let points = |pick: fn(&(f64, f64)) -> f64| {
        let shown = shown.iter().enumerate();
        shown.filter_map(|(i, both)| Some((at(i), scale.down(pick(both.as_ref()?))))).collect()
    };
    let worded = |point: &v1::ReviewedPeriod| {
        let attained = |tally: &Option<v1::Tally>| {
            language.percent(&tally.clone().unwrap_or_default().attainment)
        };
        let period = language.period(&point.period.clone().unwrap_or_default());
        let (contractual, experienced) =
            (attained(&point.contractual), attained(&point.experienced));
        let arguments = [
            ("period", period.into()),
            ("contractual", contractual.into()),
            ("experienced", experienced.into()),
        ];
        language.say("trend-point", &arguments)
    };
    let middle = (scale.least + 100.0) / 2.0;
    Some(Trend {
        rules: [scale.least, middle, 100.0]
            .map(|share| (scale.down(share), language.agreed_percent(&share.to_string())))
            .to_vec(),
        periods: names(periods, step, language),
        shown: periods.iter().map(worded).collect::<Vec<_>>().join("; "),
        contractual: points(|both| both.0),
        experienced: points(|both| both.1),
    })
}

/// The names below periods that are so far apart: of as many as there is room for, and always of
/// the last.
fn names(periods: &[v1::ReviewedPeriod], step: f64, language: &Language) -> Vec<PeriodShown> {
    let name =
        |point: &v1::ReviewedPeriod| language.period(&point.period.clone().unwrap_or_default());
    let named: Vec<_> = periods.iter().map(name).collect();
    let longest = named.iter().map(|name| name.chars().count()).max().unwrap_or_default();
    let width = longest as f64 * LETTER;
    // The first and the last name begin and end in the margin instead of being centred.
    let needed = f64::max(width, 1.5 * width - MARGIN) + BETWEEN_NAMES;
    let every = (needed / step.max(1.0)).ceil() as usize;
    let last = named.len().saturating_sub(1);
    let shown = named.into_iter().enumerate();
    let shown = shown.filter(|(place, _)| (last - place) % every.max(1) == 0);
    let shown = shown.map(|(place, name)| {
        let (anchor, shift) = match place {
            0 => ("start", -MARGIN),
            place if place == last => ("end", MARGIN),
            _ => ("middle", 0.0),
        };
        PeriodShown { x: place as f64 * step + shift, name, anchor }
    });
    shown.collect()
}

/// A piece of a bar: `drawing.css` draws it as long as what it stands for.
#[derive(Debug)]
pub(super) struct Slice {
    /// How it is filled.
    pub class: &'static str,
    /// How many clocks.
    pub count: i64,
}

/// What clocks came to as a bar; those met in time that people had to wait too long for are a piece
/// of their own.
pub(super) fn slices(tally: &v1::Tally, watermelons: i64) -> Vec<Slice> {
    let counts = [
        ("fill-met", tally.met - watermelons),
        ("fill-melon", watermelons),
        ("fill-late", tally.breached),
        ("fill-excluded", tally.excluded),
    ];
    let shown = counts.into_iter().filter(|(_, count)| *count > 0);
    shown.map(|(class, count)| Slice { class, count }).collect()
}

/// A piece of a bar that shows where the time went.
#[derive(Debug)]
pub(super) struct TimeSlice {
    /// Who had it.
    pub name: String,
    /// How much.
    pub time: String,
    /// Which share of all.
    pub share: String,
    /// How it is filled.
    pub class: &'static str,
    /// How long it was.
    pub seconds: i64,
}

/// Fills that are distinguished without colour too; third parties share what comes after them.
const FILLS: [&str; 5] = ["fill-met", "fill-melon", "fill-amber", "fill-excluded", "fill-grey"];

/// Where the service time went.
pub(super) fn times(parts: &[v1::PartyTime], language: &Language) -> Vec<TimeSlice> {
    let served = || parts.iter().filter(|part| !is_closed(part));
    let all: i64 = served().map(seconds).sum();
    let slice = |(place, part): (usize, &v1::PartyTime)| TimeSlice {
        name: holder(part, language),
        time: language.hours(part.duration),
        share: language.share_of(seconds(part), all),
        class: FILLS.get(place).or(FILLS.last()).copied().unwrap_or_default(),
        seconds: seconds(part),
    };
    served().enumerate().map(slice).collect()
}

/// How much of the time lay outside service hours.
pub(super) fn closed(parts: &[v1::PartyTime], language: &Language) -> Option<String> {
    parts.iter().find(|part| is_closed(part)).map(|part| language.hours(part.duration))
}

fn seconds(part: &v1::PartyTime) -> i64 {
    part.duration.unwrap_or_default().seconds
}

fn is_closed(part: &v1::PartyTime) -> bool {
    part.kind() == v1::PartyTimeKind::ClosedHours
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(shares: &[&str]) -> Vec<v1::ObjectivePoint> {
        let point = |percent: &&str| v1::ObjectivePoint {
            percent: (*percent).to_owned(),
            ..Default::default()
        };
        shares.iter().map(point).collect()
    }

    #[test]
    fn the_best_is_highest_and_what_is_not_shown_has_no_height() {
        assert_eq!(sparkline(&points(&["90", "", "95", "100"])), "▅·▆█");
        assert_eq!(sparkline(&points(&["100", "100"])), "██");
        assert_eq!(sparkline(&[]), "");
    }

    #[test]
    fn a_line_needs_two_points_and_goes_down_with_the_share() {
        assert!(line(&points(&["90", ""])).is_none());
        let drawn = line(&points(&["100", "95"])).map(|line| (line.points, line.x));
        assert_eq!(drawn, Some(("0.0,0.0 90.0,9.0".to_owned(), 90.0)));
    }

    /// The name of the latest period was cut off, and long names ran into each other.
    #[test]
    fn the_latest_period_is_always_named_and_no_names_meet() {
        let [english, dutch, _] = super::super::language::testing::all();
        let period = |name: String| v1::ReviewedPeriod {
            period: Some(v1::Period { name, ..Default::default() }),
            ..Default::default()
        };
        let year: Vec<_> = (1..=12).map(|month| period(format!("2026-{month:02}"))).collect();
        let shown = names(&year, 560.0 / 11.0, &english);
        let named: Vec<_> = shown.iter().map(|one| (one.name.as_str(), one.anchor)).collect();
        let last = [("September 2026", "middle"), ("December 2026", "end")];
        assert!(named.ends_with(&last), "{named:?}");
        let quarters: Vec<_> = (1..=4).map(|quarter| period(format!("2026-Q{quarter}"))).collect();
        let shown = names(&quarters, 560.0 / 3.0, &dutch);
        let named: Vec<_> = shown.iter().map(|one| (one.name.as_str(), one.anchor)).collect();
        assert_eq!(named.first(), Some(&("1e kwartaal van 2026", "start")));
        assert_eq!(named.len(), 4);
    }
}
