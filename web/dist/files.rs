// Made by web/build.mjs: each file of the page, its type, and what it holds.
&[
    ("/", "text/html; charset=utf-8", include_bytes!("index.html")),
    ("/board-3a77e24caae3.js", "text/javascript; charset=utf-8", include_bytes!("board-3a77e24caae3.js")),
    ("/board-a978a1940cb5.css", "text/css; charset=utf-8", include_bytes!("board-a978a1940cb5.css")),
    ("/board-972acec557e3.svg", "image/svg+xml", include_bytes!("board-972acec557e3.svg")),
]
