"""Opens HTML reports in headless Chromium, as their readers do: clicks, filters, follows links, measures contrast in light, dark and
print, and looks that nothing is fetched and nothing is blocked. Chromium is driven over two pipes (--remote-debugging-pipe), not a socket.
PORTCULLIS_SCREENSHOTS may name a folder for pictures of what was seen."""
import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

binary, root = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
complaints = []


def check(holds, what):
    if not holds:
        complaints.append(what)


class Browser:
    """Chromium, and the one page in it."""

    def __init__(self, program, folder):
        here_in, there_out = os.pipe()
        there_in, here_out = os.pipe()

        def connect():  # Chromium reads its commands from 3 and answers on 4
            spare_in, spare_out = os.dup2(there_in, 100), os.dup2(there_out, 101)
            os.dup2(spare_in, 3), os.dup2(spare_out, 4)
            os.close(spare_in), os.close(spare_out)

        self.process = subprocess.Popen(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", "--disable-extensions", "--hide-scrollbars", "--host-resolver-rules=MAP * ~NOTFOUND",
             f"--user-data-dir={folder}/profile", "--remote-debugging-pipe", "about:blank"],
            preexec_fn=connect, close_fds=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(there_in), os.close(there_out)
        self.read_end, self.write_end = os.fdopen(here_in, "rb", buffering=0), os.fdopen(here_out, "wb", buffering=0)
        self.rest, self.last, self.events, self.session = b"", 0, [], None
        target = next(t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
            self.call(domain + ".enable")
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-reduced-motion", "value": "reduce"}])

    def message(self):
        while b"\0" not in self.rest:
            part = self.read_end.read(1 << 16)
            if not part:
                raise RuntimeError("Chromium has ended")
            self.rest += part
        text, self.rest = self.rest.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **parameters):
        self.last += 1
        command = {"id": self.last, "method": method, "params": parameters} | ({"sessionId": self.session} if self.session else {})
        data = json.dumps(command).encode() + b"\0"
        while data:
            data = data[self.write_end.write(data):]
        while True:
            answer = self.message()
            if answer.get("id") == self.last:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def wait_for(self, method):
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self.message())

    def open(self, page):
        self.events = []
        self.call("Page.navigate", url=page.as_uri())
        self.wait_for("Page.loadEventFired")

    def run(self, script):
        """The value of an expression, after promises in it are kept."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def troubles(self):
        """What the console, the log and the policy had to say, and all that was asked for beside the page."""
        self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        for event in self.events:
            method, parameters = event.get("method"), event.get("params", {})
            if method in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded", "Audits.issueAdded"):
                if method == "Audits.issueAdded" and parameters["issue"]["code"] not in ("ContentSecurityPolicyIssue", "MixedContentIssue", "HeavyAdIssue"):
                    continue
                yield f"{method}: {json.dumps(parameters)[:400]}"
            if method == "Network.requestWillBeSent" and parameters["type"] != "Document":
                yield f"fetches {parameters['request']['url'][:80]}"

    def look(self, name, width=1280, height=1000, scheme="light", medium="screen", at=None):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", media=medium, features=[{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"}])
        self.run(f"{f'document.querySelector({json.dumps(at)}).scrollIntoView()' if at else 'scrollTo(0, 0)'}, 0")
        data = base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])
        check(data.startswith(b"\x89PNG") and len(data) > 10_000, f"{name}: the picture is empty")
        if folder := os.environ.get("PORTCULLIS_SCREENSHOTS"):
            pathlib.Path(folder, name + ".png").write_bytes(data)

    def end(self):
        try:
            self.call("Browser.close")
        except (RuntimeError, OSError):
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


# The least contrast of text that is shown, by WCAG 2, and the element that has it.
CONTRAST = """(() => {
  const parse = text => { const n = text.match(/[\\d.]+/g).map(Number); return n.length > 3 ? n : [...n, 1]; };
  const light = ([r, g, b]) => [r, g, b].map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4).reduce((s, v, i) => s + v * [.2126, .7152, .0722][i], 0);
  const ground = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3] === 1) return c; } return [255, 255, 255]; };
  let worst = [99, ""];
  for (const e of document.querySelectorAll("body *")) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || e.closest("svg, script, [hidden], option")) continue;
    const style = getComputedStyle(e);
    if (style.display === "none") continue;
    const [a, b] = [light(parse(style.color)), light(ground(e))].sort((x, y) => y - x);
    const contrast = (a + .05) / (b + .05);
    if (contrast < worst[0]) worst = [contrast, e.outerHTML.slice(0, 120)];
  }
  return worst;
})()"""

SHOWN = "[...document.querySelectorAll('.f')].filter(e => e.checkVisibility()).reduce((n, e) => n + Number(e.dataset.n || 1), 0)"
FILTERED = "new Promise(done => setTimeout(() => done(%s), 150))" % SHOWN


def filtered(browser, change):
    """How many findings are shown after a change of the form."""
    browser.run(f"{{ const form = document.getElementById('filter'); {change}; form.dispatchEvent(new Event('input')); 0 }}")
    return browser.run(FILTERED)


def check_filters(browser, total, files):
    check(browser.run(SHOWN) == total, f"{browser.run(SHOWN)} of {total} findings are shown at first")
    check(browser.run("document.querySelector('output').textContent") == f"all {total} findings", "the count of all findings")
    telnet = filtered(browser, "form.elements.search.value = 'telnet'")
    check(0 < telnet < total, f"a search shows {telnet} of {total}")
    check(browser.run("document.querySelector('output').textContent") == f"{telnet} of {total} findings", "the count of a search")
    check(filtered(browser, "form.elements.search.value = 'no such words'") == 0, "a search for nothing shows something")
    check(filtered(browser, "form.reset()") == total, "a reset does not show all")
    some = filtered(browser, "form.elements.rule.value = 'PC101'")
    check(0 < some < total and browser.run("[...document.querySelectorAll('.g')].every(e => e.hidden || e.dataset.r === 'PC101')"), "the choice of a rule")
    filtered(browser, "form.reset()")
    some = filtered(browser, "for (const box of form.querySelectorAll('[name=severity]')) box.checked = box.value === 'high'")
    check(0 < some < total, f"one severity shows {some} of {total}")
    check(browser.run("[...document.querySelectorAll('.g')].every(e => e.hidden || e.dataset.s === 'high')"), "the choice of a severity")
    filtered(browser, "form.reset()")
    if files > 1:
        some = filtered(browser, "form.elements.file.value = '1'")
        check(0 < some < total and browser.run("[...document.querySelectorAll('.g')].every(e => e.hidden || e.dataset.f === '1')"), "the choice of a file")
        filtered(browser, "form.reset()")
    # A figure at the head: by a click, as people do.
    place = browser.run("(() => { const r = document.querySelector('.figures .critical a').getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()")
    for kind in ("mousePressed", "mouseReleased"):
        browser.call("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)
    check(browser.run(FILTERED) == int(browser.run("document.querySelector('.figures .critical b').textContent")), "a click on the critical ones")
    filtered(browser, "form.reset()")
    # By the keyboard alone.
    browser.run("document.activeElement.blur(), 0")
    browser.call("Input.dispatchKeyEvent", type="keyDown", key="/", text="/")
    browser.call("Input.insertText", text="telnet")
    check(browser.run(FILTERED) == telnet, "the keyboard does not get to the search")
    filtered(browser, "form.reset()")


def check_page(browser):
    broken = browser.run("[...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.getAttribute('href')).filter(h => !document.getElementById(h.slice(1)))")
    check(not broken, f"links to nowhere: {broken[:5]}")
    twice = browser.run("(ids => ids.filter((id, i) => ids.indexOf(id) !== i))([...document.querySelectorAll('[id]')].map(e => e.id))")
    check(not twice, f"ids that stand twice: {twice[:5]}")
    check(browser.run("[...document.querySelectorAll('table')].every(t => t.caption && t.querySelector('th[scope]'))"), "a table without caption or scopes")
    check(browser.run("document.querySelectorAll('main').length === 1 && document.querySelectorAll('header').length === 1"), "landmarks")
    check(browser.run("[...document.querySelectorAll('h1,h2,h3,h4')].every((e, i, all) => i === 0 ? e.tagName === 'H1' : e.tagName[1] - all[i - 1].tagName[1] <= 1)"),
          "headings that leave out a level")
    # The lines beside the rules end where their rows are.
    away = browser.run("""(() => {
      let worst = 0;
      for (const svg of document.querySelectorAll('.rules svg')) {
        const top = svg.getBoundingClientRect(), rows = [...svg.closest('tbody').rows];
        worst = Math.max(worst, Math.abs(top.top - rows[0].getBoundingClientRect().top), Math.abs(top.bottom - rows.at(-1).getBoundingClientRect().bottom));
      }
      return worst;
    })()""")
    check(away < 3, f"lines are {away} pixels beside their rows")
    for scheme in ("light", "dark"):
        browser.call("Emulation.setEmulatedMedia", media="screen", features=[{"name": "prefers-color-scheme", "value": scheme}])
        contrast, element = browser.run(CONTRAST)
        check(contrast >= 4.5, f"{scheme}: contrast {contrast:.2f} of {element}")
    browser.call("Emulation.setEmulatedMedia", media="screen", features=[])
    for width in (1280, 390):
        browser.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        check(browser.run("document.documentElement.scrollWidth <= innerWidth"), f"at {width} pixels the page is wider than the window")


def check_print(browser):
    pages = base64.b64decode(browser.call("Page.printToPDF", printBackground=True)["data"])
    check(pages.startswith(b"%PDF") and len(pages) > 20_000, "the print is empty")
    if folder := os.environ.get("PORTCULLIS_SCREENSHOTS"):
        pathlib.Path(folder, "print.pdf").write_bytes(pages)


def report(folder, name, *arguments):
    page = pathlib.Path(folder, name + ".html")
    run = subprocess.run([binary, *arguments, f"-ohtml={page}"], cwd=root, capture_output=True, timeout=120)
    assert run.returncode in (0, 1, 3) and page.exists(), run
    return page


HOSTILE = """*filter
:INPUT DROP [0:0]
:<script>alert(2)</script> - [0:0]
-A INPUT -p tcp --dport 23 -m comment --comment "</script><script>console.log('ran')</script><img src=http://127.0.0.1:9/x>" -j ACCEPT
-A INPUT -p tcp --dport 23 -m comment --comment "<style>*{display:none}</style>]]>&lt;\u202e" -j ACCEPT
COMMIT
"""


def examine(browser, folder):
    examples = report(folder, "examples", "lint", "--isolated", "--severity=info", "examples")
    findings = json.loads(subprocess.run([binary, "lint", "--isolated", "--severity=info", "-ojson", "examples"], cwd=root, capture_output=True).stdout)["findings"]
    browser.open(examples)
    check_filters(browser, len(findings), 3)
    check_page(browser)
    for name, options in {"light": {}, "dark": {"scheme": "dark"}, "print": {"medium": "print", "width": 900}, "narrow": {"width": 390, "height": 800}}.items():
        browser.look("examples-" + name, **options)
    check_print(browser)
    complaints.extend(browser.troubles())

    one = report(folder, "one", "audit", "--isolated", "--severity=info", "examples/web-server.rules")
    browser.open(one)
    check_page(browser)
    for part in ("reach", "rules", "exposures"):
        browser.look("one-" + part, at="#f0" + part)
        browser.look("one-" + part + "-dark", scheme="dark", at="#f0" + part)
    complaints.extend(browser.troubles())

    browser.open(report(folder, "diff", "diff", "--isolated", "examples/web-server.rules", "examples/router.nft"))
    check(browser.run("document.querySelectorAll('#allowed tbody tr').length") > 1, "the difference shows nothing")
    check_page(browser)
    browser.look("diff")
    complaints.extend(browser.troubles())

    rules = pathlib.Path(folder, "hostile.rules")
    rules.write_text(HOSTILE)
    browser.open(report(folder, "hostile", "lint", "--isolated", "--severity=info", str(rules)))
    check(browser.run("document.scripts.length === 1 && document.images.length === 0 && document.querySelectorAll('style').length === 1"), "text of the input is markup")
    check(browser.run("document.body.innerText.includes(\"<script>console.log('ran')</script>\")"), "hostile text is not shown as it is")
    complaints.extend(browser.troubles())

    # Without the script, the page says the same.
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(examples)
    check(browser.run(SHOWN) == len(findings), "without its script the page has not all findings")
    check(browser.run("document.getElementById('filter').hidden"), "without its script the page offers a filter")


def main():
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not program:
        print("skipped: there is no Chromium here to open HTML reports in")
        return 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = Browser(program, folder)
        try:
            examine(browser, folder)
        finally:
            browser.end()
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


sys.exit(main())
