//! The addresses of pages: what the pages of a series are called.

use url::Url;

/// The number of the page that an address is about, if it states one, once.
pub(crate) fn page_number(url: &Url) -> Option<u64> {
    let mut numbers = pairs(url).filter_map(|pair| pair.strip_prefix(PAGE));
    let number = numbers.next()?;
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    number.parse().ok().filter(|_| digits && numbers.next().is_none())
}

/// The address of another page of a list whose pages have numbers. All else stays as it is.
pub(super) fn with_page(url: &Url, number: u64) -> Url {
    let pairs = pairs(url).map(|pair| match pair.strip_prefix(PAGE) {
        Some(_) => format!("{PAGE}{number}"),
        None => pair.to_owned(),
    });
    let pairs: Vec<String> = pairs.collect();
    with_query(url, &pairs.join("&"))
}

/// The same address, with other fields.
pub(super) fn with_fields(url: &Url, fields: &str) -> Url {
    let kept = pairs(url).filter(|pair| !pair.is_empty() && !pair.starts_with("fields="));
    let query: String = kept.flat_map(|pair| [pair, "&"]).chain(["fields=", fields]).collect();
    with_query(url, &query)
}

const PAGE: &str = "page=";

/// The query in its parts, encoded as they came.
fn pairs(url: &Url) -> impl Iterator<Item = &str> {
    url.query().unwrap_or_default().split('&')
}

fn with_query(url: &Url, query: &str) -> Url {
    let mut url = url.clone();
    url.set_query(Some(query));
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_replaced() {
        let url = |text: String| Url::parse(&text).unwrap();
        let base = "https://api.bitbucket.org/2.0/x";
        for (query, with) in [
            ("?page=2&fields=%2Ba,-b&pagelen=100", "?page=2&pagelen=100&fields=c,d"),
            ("?fields=a", "?fields=c,d"),
            ("", "?fields=c,d"),
        ] {
            let found = with_fields(&url(format!("{base}{query}")), "c,d");
            assert_eq!(found.as_str(), format!("{base}{with}"));
        }
    }

    #[test]
    fn pages_by_number() {
        let url = |query: &str| Url::parse(&format!("https://api.bitbucket.org/2.0/x?{query}"));
        for (query, number) in [
            ("page=2", Some(2)),
            ("pagelen=100&fields=%2Ba&page=2", Some(2)),
            ("page=2&page=3", None),
            ("page=", None),
            ("page=+2", None),
            ("page=eyJjIjoxfQ", None),
            ("page=99999999999999999999", None),
            ("pagelen=100", None),
            ("after=page=2", None),
            ("", None),
        ] {
            assert_eq!(page_number(&url(query).unwrap()), number, "{query}");
        }
        let query = "pagelen=100&fields=%2Bvalues.user.x,-values.links&page=2&q=a%3D%22b%22";
        let third = with_page(&url(query).unwrap(), 3);
        assert_eq!(third.query().unwrap(), query.replace("page=2", "page=3"));
    }
}
