//! The bars of the README, as SVG: the same figures give the same bytes. Once for light pages and once for dark ones.

use std::fmt::Write as _;
use std::time::Duration;

use super::figures::{ratio, time};

const WIDTH: f64 = 760.0;
/// Where bars begin: what they are about is to the left.
const LEFT: f64 = 190.0;
/// For the figures behind the longest bar.
const RIGHT: f64 = 120.0;
const TOP: f64 = 76.0;
const BAR: f64 = 16.0;
const GROUP: f64 = 56.0;

/// One piece of work, by two clients.
#[derive(Debug, Clone)]
pub(super) struct Bars {
    pub(super) what: String,
    pub(super) ours: Duration,
    pub(super) theirs: Duration,
}

/// The colours of a page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Colours {
    text: &'static str,
    quiet: &'static str,
    ours: &'static str,
    theirs: &'static str,
}

pub(super) const LIGHT: Colours = Colours { text: "#1f2328", quiet: "#59636e", ours: "#0969da", theirs: "#b7bfc8" };
pub(super) const DARK: Colours = Colours { text: "#f0f6fc", quiet: "#9198a1", ours: "#4493f8", theirs: "#4d5763" };

pub(super) fn draw(title: &str, others: &str, bars: &[Bars], colours: Colours) -> String {
    let Colours { text, quiet, ours, theirs } = colours;
    let height = TOP + GROUP * bars.len() as f64;
    let longest = bars.iter().map(|bars| bars.theirs.max(bars.ours)).max().unwrap_or_default();
    let length = |time: Duration| {
        let part = time.as_secs_f64() / longest.as_secs_f64().max(f64::MIN_POSITIVE);
        (part * (WIDTH - LEFT - RIGHT)).max(2.0)
    };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         role=\"img\" font-family=\"system-ui, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif\" font-size=\"14\">\n\
         <title>{title}</title>\n\
         <text x=\"0\" y=\"20\" fill=\"{text}\" font-size=\"16\" font-weight=\"600\">{title}</text>\n\
         <rect x=\"0\" y=\"36\" width=\"12\" height=\"12\" rx=\"2\" fill=\"{ours}\"/>\n\
         <text x=\"18\" y=\"47\" fill=\"{text}\">Jetbridge</text>\n\
         <rect x=\"104\" y=\"36\" width=\"12\" height=\"12\" rx=\"2\" fill=\"{theirs}\"/>\n\
         <text x=\"122\" y=\"47\" fill=\"{quiet}\">{others}</text>\n",
        title = escape(title),
        others = escape(others),
    );
    for (number, bars) in bars.iter().enumerate() {
        let y = TOP + GROUP * number as f64;
        let label = escape(&bars.what);
        let _ = writeln!(
            svg,
            "<text x=\"{:.0}\" y=\"{:.0}\" fill=\"{text}\" text-anchor=\"end\">{label}</text>",
            LEFT - 12.0,
            y + BAR + 6.0
        );
        let more = format!("{} · {:.1}×", time(bars.theirs), ratio(bars.theirs, bars.ours));
        let pair = [(bars.ours, ours, text, 600, time(bars.ours)), (bars.theirs, theirs, quiet, 400, more)];
        for (row, (took, fill, colour, weight, figures)) in pair.into_iter().enumerate() {
            let (y, length) = (y + (BAR + 3.0) * row as f64, length(took));
            let _ = writeln!(
                svg,
                "<rect x=\"{LEFT}\" y=\"{y:.0}\" width=\"{length:.1}\" height=\"{BAR}\" rx=\"2\" fill=\"{fill}\"/>\n\
                 <text x=\"{:.1}\" y=\"{:.0}\" fill=\"{colour}\" font-weight=\"{weight}\" font-size=\"13\">{figures}</text>",
                LEFT + length + 8.0,
                y + BAR - 3.5
            );
        }
    }
    svg + "</svg>\n"
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars() -> Vec<Bars> {
        let bars = |what: &str, ours, theirs| Bars {
            what: what.to_owned(),
            ours: Duration::from_millis(ours),
            theirs: Duration::from_millis(theirs),
        };
        vec![bars("sign-in, <new> & \"known\"", 440, 968), bars("restored", 300, 300)]
    }

    #[test]
    fn a_chart_is_a_document_whose_text_is_text() {
        let svg = draw("A & B", "others", &bars(), DARK);
        let document = roxmltree::Document::parse(&svg).unwrap();
        let texts: Vec<_> =
            document.descendants().filter(|node| node.has_tag_name("text")).filter_map(|node| node.text()).collect();
        let figures = ["A & B", "Jetbridge", "others", "sign-in, <new> & \"known\"", "440 ms", "968 ms · 2.2×"];
        assert_eq!(texts[..6], figures);
        assert_eq!(svg, draw("A & B", "others", &bars(), DARK));
        assert_ne!(svg, draw("A & B", "others", &bars(), LIGHT));
    }

    #[test]
    fn bars_are_as_long_as_times_and_stay_inside() {
        let svg = draw("t", "others", &bars(), LIGHT);
        let document = roxmltree::Document::parse(&svg).unwrap();
        let widths: Vec<f64> = document
            .descendants()
            .filter(|node| node.has_tag_name("rect") && node.attribute("height") == Some("16"))
            .map(|node| node.attribute("width").unwrap().parse().unwrap())
            .collect();
        assert_eq!(widths.len(), 4);
        assert!((widths[1] / widths[0] - 968.0 / 440.0).abs() < 0.01, "{widths:?}");
        assert!((widths[2] - widths[3]).abs() < 0.01);
        assert!(widths.iter().all(|width| LEFT + width + RIGHT <= WIDTH + 0.1));
    }
}
