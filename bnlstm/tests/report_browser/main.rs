//! The report of runs as a browser shows it: headless Chromium at the widths of a phone and of a desk.
//!
//! Without Chromium there is nothing to see, and these tests say so and pass, unless
//! `BNLSTM_REQUIRE_BROWSER=1` is set.

mod browser;
mod made;

use bnlstm::report::page;
use browser::{Browser, Seen};

/// All charts of a page: learning curves for each of two measures, gradients, four gates, three of
/// population and three of batch statistics, and updates.
const CHARTS: usize = 2 + 1 + 4 + 3 + 3 + 1;

fn check(seen: &Seen, width: usize) {
    assert_eq!(seen.console, Vec::<String>::new(), "{width}");
    let expected = [
        ("drawn", "all".to_owned()),
        ("charts", CHARTS.to_string()),
        ("filled", CHARTS.to_string()),
        ("width", width.to_string()),
        ("overflow", "false".to_owned()),
    ];
    for (name, value) in expected {
        assert_eq!(seen.told(name), value, "data-{name} at {width}: {}", seen.body);
    }
}

#[test]
fn everything_is_drawn_at_both_widths_and_without_errors() {
    let Some(browser) = Browser::find() else { return };
    let page = page(&made::runs(), Some(1_700_000_000));
    for width in [400, 1400] {
        check(&browser.open(&page, width), width);
    }
}

#[test]
fn it_is_as_dark_or_light_as_the_system() {
    let Some(browser) = Browser::find() else { return };
    let page = page(&made::runs(), None);
    let dark = browser.open_in_the_dark(&page, 1400);
    let light = browser.open_alone(&page, 1400);
    check(&dark, 1400);
    check(&light, 1400);
    assert_eq!((dark.told("theme"), light.told("theme")), ("dark", "light"));
}

/// Every select, slider, box and button is used, and every chart is pointed at and walked through with
/// the arrow keys.
#[test]
fn everything_that_can_be_touched_works() {
    let Some(browser) = Browser::find() else { return };
    let page = page(&made::runs(), None);
    for width in [400, 1400] {
        let seen = browser.touch(&page, width);
        assert_eq!(seen.console, Vec::<String>::new(), "{width}");
        // Values are shown at every chart, by the pointer and by the keys.
        assert_eq!(seen.told("pointed"), CHARTS.to_string(), "{width}: {}", seen.body);
        assert_eq!(seen.told("walked"), CHARTS.to_string(), "{width}");
        assert_eq!(seen.told("overflow"), "false", "{width}");
        assert_eq!(seen.told("themes"), "light dark", "{width}");
        // With all groups hidden only the statistics of the chosen run are left.
        assert_eq!(seen.told("hidden"), "3", "{width}");
    }
}

#[test]
fn a_run_that_has_just_begun_has_a_page_too() {
    let Some(browser) = Browser::find() else { return };
    for runs in [vec![made::begun()], vec![made::begun(), made::nasty()]] {
        let seen = browser.open(&page(&runs, None), 400);
        assert_eq!(seen.console, Vec::<String>::new());
        assert_eq!(
            (seen.told("drawn"), seen.told("overflow")),
            ("all", "false"),
            "{}",
            seen.body
        );
    }
}

/// What these tests look for is there to be seen.
#[test]
fn the_browser_tells_of_errors() {
    let Some(browser) = Browser::find() else { return };
    let page = "<!DOCTYPE html><body><script>document.body.dataset.drawn = 1; missing();</script></body>";
    for seen in [browser.open(page, 400), browser.open_alone(page, 1400)] {
        assert_eq!(seen.told("drawn"), "1");
        assert!(
            seen.console
                .iter()
                .any(|line| line.contains("missing is not defined")),
            "{:?}",
            seen.console
        );
    }
}
