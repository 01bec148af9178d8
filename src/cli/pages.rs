//! Lists of the API, read page after page.

/// Items on a page that is requested.
pub(super) const PAGE_SIZE: i32 = 1_000;

/// Calls a list's method for page after page until `$limit` items are there, or all. Gives them,
/// and whether there are more.
macro_rules! pages {
    ($client:expr, $method:ident, $request:expr, $items:ident, $limit:expr) => {{
        let mut request = $request;
        let mut items = Vec::new();
        loop {
            let page = $client.$method(request.clone()).await;
            let page = page.map_err($crate::cli::connection::refused)?.into_inner();
            items.extend(page.$items);
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() || items.len() >= $limit {
                break;
            }
        }
        let is_cut = !request.page_token.is_empty() || items.len() > $limit;
        items.truncate($limit);
        (items, is_cut)
    }};
}

pub(super) use pages;
