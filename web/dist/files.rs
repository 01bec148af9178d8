// Made by web/build.mjs: each file of the page, its type, and what it holds.
&[
    ("/", "text/html; charset=utf-8", include_bytes!("index.html")),
    ("/board-b8da2ea90f6a.js", "text/javascript; charset=utf-8", include_bytes!("board-b8da2ea90f6a.js")),
    ("/board-dd06149c752b.css", "text/css; charset=utf-8", include_bytes!("board-dd06149c752b.css")),
    ("/board-972acec557e3.svg", "image/svg+xml", include_bytes!("board-972acec557e3.svg")),
]
