// Made by web/build.mjs: each file of the page, its type, and what it holds.
&[
    ("/", "text/html; charset=utf-8", include_bytes!("index.html")),
    ("/board-04957010d7f2.js", "text/javascript; charset=utf-8", include_bytes!("board-04957010d7f2.js")),
    ("/board-8c92fae9f95f.css", "text/css; charset=utf-8", include_bytes!("board-8c92fae9f95f.css")),
    ("/board-972acec557e3.svg", "image/svg+xml", include_bytes!("board-972acec557e3.svg")),
]
