// Made by web/build.mjs: each file of the page, its type, and what it holds.
&[
    ("/", "text/html; charset=utf-8", include_bytes!("index.html")),
    ("/board-a7cea114c602.js", "text/javascript; charset=utf-8", include_bytes!("board-a7cea114c602.js")),
    ("/board-a06117decb61.css", "text/css; charset=utf-8", include_bytes!("board-a06117decb61.css")),
    ("/board-972acec557e3.svg", "image/svg+xml", include_bytes!("board-972acec557e3.svg")),
]
