// Made by web/build.mjs: each file of the page, its type, and what it holds.
&[
    ("/", "text/html; charset=utf-8", include_bytes!("index.html")),
    ("/board-0a450adc7529.js", "text/javascript; charset=utf-8", include_bytes!("board-0a450adc7529.js")),
    ("/board-aba2a753522c.css", "text/css; charset=utf-8", include_bytes!("board-aba2a753522c.css")),
    ("/board-972acec557e3.svg", "image/svg+xml", include_bytes!("board-972acec557e3.svg")),
]
