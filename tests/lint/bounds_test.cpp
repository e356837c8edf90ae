// Lint ends, whatever the text.
#include <algorithm>
#include <catch2/catch.hpp>

#include "portcullis/dialect/read.hpp"
#include "portcullis/lint/lint.hpp"

using namespace portcullis;

namespace {

FileResult lint_text(Dialect dialect, std::string const& text) {
    auto const sources = std::make_shared<Sources>();
    SourceId const source = sources->add("fw", text);
    return lint(sources, source, dialect, read(*sources, source, dialect), {});
}

bool tells(FileResult const& result, std::string_view rule) {
    return std::ranges::any_of(result.findings, [&](Diagnostic const& d) { return d.rule->id == rule; });
}

} // namespace

TEST_CASE("gotos that lead in a circle end lint too") {
    std::string const head = "*filter\n:INPUT DROP [0:0]\n:A - [0:0]\n:B - [0:0]\n:C - [0:0]\n";
    for (std::string const rules : {"-A INPUT -g A\n-A A -g A\n", "-A INPUT -g C\n-A C -g B\n-A B -g C\n"})
        CHECK(tells(lint_text(Dialect::iptables, head + rules + "COMMIT\n"), "PC307") == false);
}
