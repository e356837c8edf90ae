// JSON that is written value by value is what nlohmann's dump writes of the tree.
#include "report/json_writer.hpp"

#include <catch2/catch.hpp>

using namespace portcullis;

TEST_CASE("what is written without a tree is what its dump is") {
    std::string const odd = std::string("quotes \" \\ tab \t new line \n zero ") + '\0' + " del \x7f umlaut \xc3\xa4 broken \xff end";
    Json const inner{{"list", {1, 2, Json::object()}}, {"nothing", Json::array()}, {odd, odd}};
    Json const tree{{"text", "plain"}, {odd, odd},          {"number", 18446744073709551615ULL},
                    {"empty", {}},     {"none", Json::array()}, {"all", {"a", {{"line", 3}}, inner, nullptr}}};
    JsonWriter json;
    json.begin_object();
    json.text("text", "plain");
    json.text(odd, odd);
    json.number("number", 18446744073709551615ULL);
    json.literal("empty", "null");
    json.begin_array("none");
    json.end_array();
    json.begin_array("all");
    json.text({}, "a");
    json.begin_object();
    json.number("line", 3);
    json.end_object();
    json.json({}, inner);
    json.literal({}, "null");
    json.end_array();
    json.end_object();
    CHECK(json.take() == tree.dump(2, ' ', true, Json::error_handler_t::replace));
}

TEST_CASE("no build log finds a command in JSON") {
    Json const tree{{"##[a]", {"##vso[b]##vso[c]", "## d"}}};
    std::string const text = json_text(tree, -1);
    CHECK(text == "{\"\\u0023#[a]\":[\"\\u0023#vso[b]\\u0023#vso[c]\",\"## d\"]}");
    CHECK(Json::parse(text) == tree);
    JsonWriter json(JsonWriter::Layout::lines);
    json.begin_object();
    json.json("##[a]", tree["##[a]"]);
    json.end_object();
    CHECK(json.take() == text + '\n');
}
