// Made by web/build.mjs: each file of the page, its type, and what it holds.
&[
    ("/", "text/html; charset=utf-8", include_bytes!("index.html")),
    ("/board-7d5d70a8453d.js", "text/javascript; charset=utf-8", include_bytes!("board-7d5d70a8453d.js")),
    ("/board-748c88a91f3e.css", "text/css; charset=utf-8", include_bytes!("board-748c88a91f3e.css")),
    ("/board-972acec557e3.svg", "image/svg+xml", include_bytes!("board-972acec557e3.svg")),
]
