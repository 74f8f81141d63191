/// How the page looks. Colours are Okabe and Ito's, which those who see few colours can tell apart, darker on white and
/// lighter on black; series differ in form too.
enum ReportStyle {
    /// Without the characters that XML reads as markup.
    static let text = colours + layout + tables + drawings + reading + paper

    private static let colours = """
        :root{color-scheme:light dark;--paper:#ffffff;--raised:#f6f7f9;--ink:#1a1d21;--soft:#565d66;--faint:#d9dde2;
        --rule:#e7eaee;--link:#0060a0;--s0:#0072b2;--s1:#bd4b00;--s2:#00795a;--s3:#a8457f;--s4:#946600;--s5:#24759f;--s6:#5a5f66;
        --good:#00795a;--bad:#bd4b00;--warn-paper:#fff4e0;--warn-rule:#e0a02a}
        @media(prefers-color-scheme:dark){:root{--paper:#14171a;--raised:#1c2024;--ink:#e8eaed;--soft:#a4acb5;
        --faint:#3a4148;--rule:#2a3036;--link:#7fc4f5;--s0:#56b4e9;--s1:#ff9351;--s2:#3ccb9f;--s3:#e59bc6;--s4:#e8bb45;--s5:#9bd3f5;--s6:#b6bcc4;
        --good:#3ccb9f;--bad:#ff9351;--warn-paper:#33280f;--warn-rule:#a97a1c}}

        """

    private static let layout = """
        *{box-sizing:border-box}html{scroll-behavior:smooth}
        @media(prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
        body{margin:0;overflow-wrap:break-word;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","DejaVu Sans",sans-serif}
        header,nav,main,footer{max-width:1160px;margin:0 auto;padding:0 20px}
        .unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
        .skip{position:absolute;left:-999px}.skip:focus{left:12px;top:12px;background:var(--paper);padding:8px 12px;z-index:9}
        a{color:var(--link)}:focus-visible{outline:3px solid var(--s0);outline-offset:2px;border-radius:3px}main:focus{outline:none}
        header{padding-top:40px}.eyebrow{margin:0;color:var(--soft);font-size:14px}
        h1{font-size:clamp(28px,5vw,42px);line-height:1.15;margin:4px 0 14px;letter-spacing:-.01em;overflow-wrap:anywhere}
        h2{font-size:24px;line-height:1.25;margin:0 0 14px;letter-spacing:-.005em}h3{font-size:17px;margin:24px 0 10px}h4{font-size:15px;margin:0 0 6px}
        .headline{font-size:clamp(19px,2.6vw,24px);line-height:1.4;max-width:44em;margin:0 0 18px}
        dl{display:flex;flex-wrap:wrap;gap:10px 32px;margin:0 0 22px;padding:0}dl div{min-width:0}dt{color:var(--soft);font-size:13px}dd{margin:0;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
        nav{border-top:1px solid var(--rule);border-bottom:1px solid var(--rule)}nav ul{list-style:none;margin:0;padding:10px 0;display:flex;flex-wrap:wrap;gap:4px 18px;font-size:14px}
        nav a{text-decoration:none;display:inline-block;padding:3px 0}nav a:hover{text-decoration:underline}
        section{padding:36px 0 8px}section+section{border-top:1px solid var(--rule)}p{max-width:46em;margin:0 0 14px}
        .note{color:var(--soft);font-size:13.5px;line-height:1.45;margin:8px 0 0}.missing{color:var(--soft)}
        .callout{background:var(--warn-paper);border-left:4px solid var(--warn-rule);padding:8px 14px;border-radius:4px}
        .story{padding-left:1.2em;max-width:52em}.story li{margin:0 0 8px}.story ul{padding-left:1.2em;margin:4px 0 0}.story ul li{margin:0 0 4px}
        .tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(330px,100%),1fr));gap:18px;align-items:start;margin:0 0 16px}
        figure{margin:0;background:var(--raised);border:1px solid var(--rule);border-radius:10px;padding:14px 16px 12px;min-width:0}
        figure.wide,figure.full{grid-column:1/-1}figcaption{font-weight:600;font-size:15px;line-height:1.35;margin:0 0 8px;overflow-wrap:anywhere}
        summary{cursor:pointer;color:var(--link);width:fit-content}.data>summary{font-size:13px;margin-top:8px}.more{margin:0 0 16px}.more>summary{padding:6px 0;font-weight:600}
        code{font:0.92em ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
        pre{background:var(--raised);border:1px solid var(--rule);border-radius:8px;padding:12px 14px}pre code{white-space:pre-wrap}
        footer{border-top:1px solid var(--rule);margin-top:32px;padding-top:18px;padding-bottom:40px;color:var(--soft);font-size:14px}

        """

    private static let tables = """
        .scroll{--under:var(--paper);overflow-x:auto;max-width:100%;background:linear-gradient(to right,var(--under) 40%,transparent) 0 0/28px 100% no-repeat local,
        linear-gradient(to left,var(--under) 40%,transparent) 100% 0/28px 100% no-repeat local,linear-gradient(to right,var(--faint),transparent) 0 0/7px 100% no-repeat scroll,
        linear-gradient(to left,var(--faint),transparent) 100% 0/7px 100% no-repeat scroll}figure .scroll{--under:var(--raised)}
        table{border-collapse:collapse;font-size:14px;line-height:1.4;margin:4px 0 14px;font-variant-numeric:tabular-nums}
        caption{text-align:left;color:var(--soft);font-size:13.5px;padding:0 0 6px;caption-side:top}caption span{display:block;max-width:calc(100vw - 72px)}
        th,td{padding:6px 14px 6px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--rule)}thead th{border-bottom:1px solid var(--faint);color:var(--soft);font-weight:600;vertical-align:bottom}
        tbody th{font-weight:500}td.number,th.number{text-align:right;white-space:nowrap}td small{color:var(--soft);font-size:12px;display:block}
        td:last-child{min-width:9em}.digest{font-size:12px;word-break:break-all}th button{all:unset;cursor:pointer;color:inherit;position:relative}th button:focus-visible{outline:3px solid var(--s0)}
        th button::after{position:absolute;left:100%;padding-left:2px}th[aria-sort=ascending] button::after{content:"↑"}th[aria-sort=descending] button::after{content:"↓"}
        @media(max-width:640px){tbody th{position:sticky;left:0;z-index:1;background:var(--under);max-width:11em;overflow-wrap:break-word}td:last-child:not(.number){min-width:16em}}
        .verdict{font-size:13px}.rose{color:var(--good)}.fell{color:var(--bad)}.same{color:var(--soft)}figure table{font-size:13px}

        """

    private static let drawings = """
        svg{display:block;width:100%;height:auto;max-width:520px;margin:0 auto;overflow:visible}
        .wide svg{max-width:var(--size);min-width:var(--size);margin:0}@media(min-width:641px){.wide svg{min-width:calc(var(--size)*.84)}}.full svg{max-width:600px}
        svg text{fill:var(--ink);font:11.5px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","DejaVu Sans",sans-serif;font-variant-numeric:tabular-nums}
        svg .value,svg .label,svg .note,svg .lane{paint-order:stroke;stroke:var(--raised);stroke-width:3px;stroke-linejoin:round}.stage~text{stroke:none}
        svg .middle{text-anchor:middle}svg .end{text-anchor:end}svg text.tick,svg text.axis,svg text.note{fill:var(--soft);font-size:11px}svg text.axis{font-style:normal}
        svg text.category,svg text.strong{font-weight:600}svg text.lane{fill:var(--soft);font-weight:600;font-size:13px}svg text.value{font-size:11px}
        .grid{stroke:var(--rule);stroke-width:1}.zero{stroke:var(--faint);stroke-width:1.3}.reference{stroke:var(--soft);stroke-width:1;stroke-dasharray:4 3}
        .s0{--k:var(--s0)}.s1{--k:var(--s1)}.s2{--k:var(--s2)}.s3{--k:var(--s3)}.s4{--k:var(--s4)}.s5{--k:var(--s5)}.s6{--k:var(--s6)}
        .mark{fill:var(--k);stroke:var(--raised);stroke-width:1}.part{fill:none;stroke:var(--k);stroke-width:1.2}.dot{fill:var(--k);fill-opacity:.72;stroke:var(--paper);stroke-width:.6}
        .whisker{stroke:var(--k);stroke-width:1.8}.column{fill:var(--k)}.curve{fill:none;stroke:var(--k);stroke-width:1.9;stroke-linejoin:round}.dashed{stroke-dasharray:5 3.5}.band{fill:var(--k);fill-opacity:.16}
        .leader{stroke:var(--k);stroke-width:1;stroke-dasharray:1 3;stroke-opacity:.7}svg text.name{font-weight:600;fill:var(--k)}
        .stock{fill:var(--s0)}.stock.last{fill:var(--s2)}.flow{fill:var(--s0);fill-opacity:.2}.loss{fill:var(--s1);fill-opacity:.28}
        .share.p0{fill:var(--s0)}.share.p1{fill:var(--faint);stroke:var(--soft);stroke-width:.7}.share.p2{fill:var(--s1)}.share.p3{fill:none;stroke:var(--soft);stroke-dasharray:3 2}
        svg text.inside{fill:var(--paper);font-weight:600;font-size:11px}svg text.inside.p1,svg text.inside.p3{fill:var(--ink)}
        .paper{fill:var(--paper);stroke:var(--rule)}.stage{fill:var(--paper);stroke:var(--faint);stroke-width:1.2}.stage.ran{stroke:var(--s0)}.stage.reused{stroke:var(--s2);stroke-dasharray:5 3}.stage.failed{stroke:var(--s1);stroke-width:2.4}
        svg text.sign{font-size:10px}svg text.sign.ran{fill:var(--s0)}svg text.sign.reused{fill:var(--s2)}svg text.sign.failed{fill:var(--s1)}
        .arrow{fill:none;stroke:var(--soft);stroke-opacity:.65;stroke-width:1.2}.across{stroke-opacity:.4}.head{fill:var(--soft);fill-opacity:.8}
        .shown :is(.mark,.column,.stock,.share,.stage){stroke:var(--ink);stroke-width:2}.shown .curve{stroke-width:3.4}
        #bubble:empty{visibility:hidden}#bubble{position:absolute;top:0;left:0;z-index:8;background:var(--ink);color:var(--paper);font-size:13px;line-height:1.35;padding:5px 9px;border-radius:5px;max-width:280px;pointer-events:none}

        """

    private static let reading = """
        .pair{border:1px solid var(--rule);border-radius:10px;padding:14px 16px;margin:0 0 14px;background:var(--raised)}.which{color:var(--soft);font-size:13px;margin:0 0 6px}
        blockquote{margin:0 0 10px;padding:0 0 0 12px;border-left:3px solid var(--faint);white-space:pre-wrap;overflow-wrap:anywhere;font-size:14.5px;line-height:1.5}
        .prompt{font-weight:600;border-left:none;padding:0}.sides{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(300px,100%),1fr));gap:8px 24px}
        .chosen blockquote{border-color:var(--s0)}.rejected blockquote{border-color:var(--s1)}

        """

    private static let paper = """
        @media print{:root{color-scheme:light;--paper:#ffffff;--raised:#ffffff;--ink:#000000;--soft:#444444;--faint:#bbbbbb;--rule:#dddddd;--link:#000000;
        --s0:#0072b2;--s1:#bd4b00;--s2:#00795a;--s3:#a8457f;--s4:#946600;--s5:#24759f;--s6:#5a5f66;--good:#00795a;--bad:#bd4b00;--warn-paper:#ffffff}
        body{font-size:10.5pt}section:not(:has(>:not(h2,.more:not([open])))){display:none}nav,.skip,.data,#bubble{display:none}header,main,footer{max-width:none;padding:0 1px}header{padding-top:0}section{padding:14pt 0 4pt}
        figure,.pair,tr,blockquote{break-inside:avoid}h2,h3,caption,thead{break-after:avoid}.more:not([open]),th button::after{display:none}.tiles{grid-template-columns:1fr 1fr;gap:10pt}
        .wide svg{min-width:0;max-width:min(100%,var(--size))}.scroll{overflow:visible;background:none}p:has(+.tiles){break-after:avoid}table{font-size:8.5pt}a{text-decoration:none}
        *{print-color-adjust:exact;-webkit-print-color-adjust:exact}}

        """
}
