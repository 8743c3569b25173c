//! The most frequent values then and now, as pairs of bars.

use crate::canvas::{self, Anchor, Canvas, TO_BASELINE};
use crate::chart::{Area, Chart, HoverArea, Size};
use crate::distribution::{Categories, DistributionChart, share, sum};
use crate::theme::{Color, Palette, Theme};
use crate::words::{fitted, percent, printable, text_width};

const ROW_HEIGHT: f64 = 30.0;
const BAR_HEIGHT: f64 = 11.0;
const NAMES_WIDTH: f64 = 120.0;
/// Rows are values, then "others" and "new values".
const MOST_ROWS: usize = 14;

/// One pair of bars.
struct Row {
    name: String,
    then: u64,
    now: u64,
}

pub(crate) fn draw(chart: &DistributionChart, categories: &Categories, theme: Theme) -> Chart {
    let size = chart.size.bounded();
    let most = ((f64::from(size.height) / ROW_HEIGHT) as usize).clamp(2, MOST_ROWS);
    let rows = rows(categories, most);
    let height = (rows.len().max(1) as f64 * ROW_HEIGHT) as u32;
    let plan = Plan::new(chart, rows, Size { height, ..size }.bounded());
    let alt = alt(chart, &plan);
    let svg =
        canvas::draw(plan.size, &chart.title, &alt, |canvas| plan.paint(canvas, chart, theme.palette()));
    let Size { width, height } = plan.size;
    Chart { svg, width, height, alt, table: table(chart, categories), hover: plan.hover(chart) }
}

/// The most frequent values, most frequent in the baseline first; the rest are others.
fn rows(categories: &Categories, most: usize) -> Vec<Row> {
    let total_then = sum(categories.values.iter().map(|value| value.then).chain([categories.others.0]));
    let total_now =
        sum(categories.values.iter().map(|value| value.now).chain([categories.others.1, categories.unseen]));
    let mut values: Vec<_> =
        categories.values.iter().filter(|value| (value.then, value.now) != (0, 0)).collect();
    let size = |then, now| share(then, total_then).max(share(now, total_now));
    values.sort_by(|a, b| {
        size(b.then, b.now).total_cmp(&size(a.then, a.now)).then_with(|| a.name.cmp(&b.name))
    });
    let (mut others, unseen) = (categories.others, categories.unseen);
    let extra = usize::from(unseen > 0);
    let fits = |others: (u64, u64)| most.saturating_sub(extra + usize::from(others != (0, 0))).max(1);
    if values.len() > fits(others) {
        let kept = fits((1, 1));
        for value in values.split_off(kept.min(values.len())) {
            others = (others.0.saturating_add(value.then), others.1.saturating_add(value.now));
        }
    }
    values.sort_by(|a, b| b.then.cmp(&a.then).then(b.now.cmp(&a.now)).then_with(|| a.name.cmp(&b.name)));
    let mut rows: Vec<Row> = values
        .iter()
        .map(|value| Row { name: value.name.clone(), then: value.then, now: value.now })
        .collect();
    if others != (0, 0) {
        rows.push(Row { name: "others".into(), then: others.0, now: others.1 });
    }
    if unseen > 0 {
        rows.push(Row { name: "new values".into(), then: 0, now: unseen });
    }
    rows
}

struct Plan {
    size: Size,
    rows: Vec<Row>,
    plot: Area,
    then: u64,
    now: u64,
    /// The largest share, which a full bar stands for.
    highest: f64,
}

impl Plan {
    fn new(chart: &DistributionChart, rows: Vec<Row>, size: Size) -> Self {
        let (then, now) = (sum(rows.iter().map(|row| row.then)), sum(rows.iter().map(|row| row.now)));
        let highest =
            rows.iter().map(|row| share(row.then, then).max(share(row.now, now))).fold(0.0, f64::max);
        let width = f64::from(size.width);
        let names = rows.iter().map(|row| text_width(&row.name)).fold(0.0, f64::max);
        let left = names.min(NAMES_WIDTH).min(width / 3.0) + 10.0;
        // The first row says what the bars are, behind its figures.
        let said = text_width("100 % ") + text_width(&chart.then).max(text_width(&chart.now)) + 8.0;
        let right = (width - said).max(left + (width - left) * 0.4);
        let plot = Area { left, top: 0.0, right, bottom: f64::from(size.height) };
        Self { size, rows, plot, then, now, highest: highest.max(f64::MIN_POSITIVE) }
    }

    fn paint(&self, canvas: &mut Canvas<'_>, chart: &DistributionChart, palette: &Palette) {
        if self.rows.is_empty() {
            return canvas.nothing(self.size, "No values yet", palette);
        }
        for (index, row) in self.rows.iter().enumerate() {
            let middle = (index as f64 + 0.5) * ROW_HEIGHT;
            let name = fitted(&row.name, self.plot.left - 9.0);
            canvas.text(&name, (self.plot.left - 8.0, middle + TO_BASELINE), Anchor::End, palette.ink_2);
            let (then, now) = (share(row.then, self.then), share(row.now, self.now));
            let named = |name: &str, share| {
                if index == 0 { format!("{} {name}", percent(share)) } else { percent(share) }
            };
            let said = named(&chart.then, then);
            self.paint_bar(canvas, (middle - BAR_HEIGHT - 0.5, then), &said, (palette.then, palette.ink_3));
            let said = named(&chart.now, now);
            self.paint_bar(canvas, (middle + 0.5, now), &said, (palette.now, palette.now));
        }
        let Area { left, top, bottom, .. } = self.plot;
        canvas.line((left, top), (left, bottom), palette.line_strong, 1.0);
    }

    fn paint_bar(
        &self,
        canvas: &mut Canvas<'_>,
        (top, share): (f64, f64),
        said: &str,
        (bar, ink): (Color, Color),
    ) {
        let width = (share / self.highest * self.plot.width()).max(if share > 0.0 { 1.0 } else { 0.0 });
        let right = self.plot.left + width;
        canvas.rect(Area { left: self.plot.left, top, right, bottom: top + BAR_HEIGHT }, bar, 1.0);
        let said = fitted(said, f64::from(self.size.width) - right - 6.0);
        canvas.text(&said, (right + 5.0, top + BAR_HEIGHT / 2.0 + TO_BASELINE), Anchor::Start, ink);
    }

    fn hover(&self, chart: &DistributionChart) -> Vec<HoverArea> {
        let area = |index: usize| {
            let top = index as f64 * ROW_HEIGHT;
            Area { left: 0.0, top, right: f64::from(self.size.width), bottom: top + ROW_HEIGHT }
        };
        let label = |row: &Row| {
            let (then, now) = (percent(share(row.then, self.then)), percent(share(row.now, self.now)));
            printable(&format!("{} · {} {then} · {} {now}", row.name, chart.then, chart.now))
        };
        self.rows.iter().enumerate().map(|(index, row)| HoverArea::new(area(index), label(row))).collect()
    }
}

fn alt(chart: &DistributionChart, plan: &Plan) -> String {
    let most = |of: fn(&Row) -> u64, total: u64| {
        let named = plan.rows.iter().filter(|row| row.name != "others" && row.name != "new values");
        let row = named.reduce(|best, row| if of(row) > of(best) { row } else { best })?;
        (of(row) > 0).then(|| format!("{} ({})", row.name, percent(share(of(row), total))))
    };
    let text = match (most(|row| row.then, plan.then), most(|row| row.now, plan.now)) {
        (Some(then), Some(now)) => {
            format!(
                "{}: the most frequent value is {then} in {} and {now} in {}.",
                chart.title, chart.then, chart.now
            )
        }
        (Some(then), None) => {
            format!(
                "{}: the most frequent value is {then} in {}; {} has none of them.",
                chart.title, chart.then, chart.now
            )
        }
        (None, Some(now)) => {
            format!(
                "{}: the most frequent value is {now} in {}; {} has no rows.",
                chart.title, chart.now, chart.then
            )
        }
        (None, None) => format!("{}: no values yet.", chart.title),
    };
    let unseen = plan.rows.iter().find(|row| row.name == "new values" && row.then == 0 && row.now > 0);
    let unseen = unseen.map(|row| {
        let share = percent(share(row.now, plan.now));
        format!(" {share} of {} are values that {} never had.", chart.now, chart.then)
    });
    printable(&(text + &unseen.unwrap_or_default()))
}

fn table(chart: &DistributionChart, categories: &Categories) -> Vec<Vec<String>> {
    let header = ["value", &chart.then, &chart.now].map(printable).to_vec();
    let row = |name: &str, then: u64, now: u64| vec![printable(name), then.to_string(), now.to_string()];
    let values = categories.values.iter().map(|value| row(&value.name, value.then, value.now));
    let rest =
        [row("others", categories.others.0, categories.others.1), row("new values", 0, categories.unseen)];
    std::iter::once(header).chain(values).chain(rest).collect()
}
