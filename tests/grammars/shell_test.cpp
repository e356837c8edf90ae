// The grammar of shell scripts: what a script says, and where it stops to be one.
#include <catch2/catch.hpp>

#include "grammars/shell/parse.hpp"

using namespace portcullis;
using namespace portcullis::shell;

namespace {

Command const& first(Script const& script, std::size_t item = 0) {
    return script.list.items.at(item).pipelines.at(0).commands.at(0);
}

std::string text_of(Word const& word) {
    std::string text;
    for (Part const& part : word.parts)
        text += part.kind == Part::Kind::literal ? part.text : '<' + part.text + '>';
    return text;
}

std::vector<std::string> words_of(std::string_view line) {
    std::vector<std::string> words;
    Script const script = parse(line, 0);
    for (Word const& word : first(script).words) words.push_back(text_of(word));
    return words;
}

using Words = std::vector<std::string>;

} // namespace

TEST_CASE("words are split at blanks outside quotes, and quotes are taken off") {
    CHECK(words_of("a  b\tc") == Words{"a", "b", "c"});
    CHECK(words_of("a 'b c' \"d e\" f\\ g") == Words{"a", "b c", "d e", "f g"});
    CHECK(words_of("a \\\n  b # c") == Words{"a", "b"});
    CHECK(words_of("a b#c") == Words{"a", "b#c"});
    CHECK(words_of("a '' \"\"") == Words{"a", "", ""});
    CHECK(words_of("a \"x \\\"y\\\" \\z\"") == Words{"a", "x \"y\" \\z"});
    CHECK(words_of("$A ${B:-x} \"$C\"d $1 $@") == Words{"<A>", "<B>", "<C>d", "<1>", "<@>"});
}

TEST_CASE("expansions may stand within each other") {
    Script const script = parse("a ${A:-\"$(b `c` \"$D\")\"} $((1 + (2)))", 0);
    REQUIRE(script.errors.empty());
    Part const& outer = first(script).words.at(1).parts.at(0);
    CHECK(outer.operation == ":-");
    REQUIRE(outer.argument.size() == 2); // the empty literal of the quotes, and what they have in them
    CHECK(outer.argument.at(1).kind == Part::Kind::command);
    CHECK(first(script).words.at(2).parts.at(0).kind == Part::Kind::arithmetic);
}

TEST_CASE("compound commands have their parts, and may be nested") {
    Script const script = parse("if a; then b; elif c\nthen d; else e; fi\n"
                                "for x in 1 2; do f $x; done\n"
                                "case $y in a|b) g;; *) h; esac\n"
                                "k() { l; }\n"
                                "while m; do n; done < file\n"
                                "( p; q ) && r || s\n",
                                0);
    REQUIRE(script.errors.empty());
    REQUIRE(script.list.items.size() == 6);
    CHECK(first(script, 0).branches.size() == 3);
    CHECK(first(script, 1).words.size() == 2);
    CHECK(first(script, 2).branches.at(0).patterns.size() == 2);
    CHECK(first(script, 3).name == "k");
    CHECK(first(script, 4).redirections.size() == 1);
    CHECK(script.list.items[5].alternatives == std::vector<bool>{false, true});
}

TEST_CASE("a here-document ends at its delimiter, and the script goes on") {
    std::string const text = "cat <<A <<-'B'; x\none $Y\nA\n\ttwo\n\tB\nnext";
    Script const script = parse(text, 0);
    REQUIRE(script.errors.empty());
    REQUIRE(script.documents.size() == 2);
    CHECK(text.substr(script.documents[0].span.begin, 8) == "one $Y\nA");
    CHECK_FALSE(script.documents[0].literal);
    CHECK(script.documents[1].literal);
    CHECK(text_of(first(script, 2).words.at(0)) == "next");
}

TEST_CASE("what is not shell is an error where it stands, and the next line is read") {
    auto const error = [](std::string_view text) {
        Script const script = parse(text, 0);
        return script.errors.empty()
                   ? std::string()
                   : std::to_string(script.errors[0].span.begin) + ": " + to_string(script.errors[0]);
    };
    CHECK(error("a\nif b; then c\n") == "15: expected 'fi', found end of file");
    CHECK(error("a 'b") == "4: expected closing \"'\", found end of file");
    CHECK(error("for 1 in x; do y; done") == "4: expected name of a variable, found '1'");
    Script const script = parse("a )\nb", 0);
    CHECK(script.errors.size() == 1);
    CHECK(script.list.items.size() == 2);
}

TEST_CASE("hostile nesting ends with an error, soon") {
    for (std::string_view const open : {"$(", "${a:-", "(", "{ ", "if ", "\"$(", "! ", "case x in a) ", "a() "}) {
        std::string text;
        for (int i = 0; i < 20'000; ++i) text += open;
        INFO(open);
        CHECK_FALSE(parse(text, 0).errors.empty());
    }
    std::string backquotes(20'000, '`');
    parse(backquotes, 0);
}
