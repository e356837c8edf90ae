#include "portcullis/base/did_you_mean.hpp"

#include <catch2/catch.hpp>

namespace portcullis {

TEST_CASE("a letter lost, added, changed or swapped with its neighbour is one step") {
    struct {
        std::string_view a, b;
        std::size_t distance;
    } const cases[] = {
        {"select", "select", 0},
        {"slect", "select", 1},
        {"sellect", "select", 1},
        {"selekt", "select", 1},
        {"telent", "telnet", 1},
        {"SELECT", "select", 0},
        {"", "ssh", 3},
        {"ssh", "", 3},
        {"abc", "cab", 2},
        {"kitten", "sitting", 3},
        {"", "", 0},
    };
    for (auto const& test : cases) {
        INFO(test.a << " and " << test.b);
        CHECK(edit_distance(test.a, test.b) == test.distance);
        CHECK(edit_distance(test.b, test.a) == test.distance);
    }
}

TEST_CASE("the closest candidate is meant, and nothing where none is close") {
    std::vector<std::string_view> const keys = {"select", "ignore", "fail-on", "levels"};
    CHECK(did_you_mean("slect", keys) == "select");
    CHECK(did_you_mean("fail_on", keys) == "fail-on");
    CHECK(did_you_mean("level", keys) == "levels");
    CHECK(did_you_mean("colour", keys).empty());
    CHECK(did_you_mean("x", {"a"}).empty());
    CHECK(did_you_mean("", keys).empty());
    CHECK(did_you_mean(std::string(100000, 'a'), keys).empty());
    CHECK(did_you_mean_text("slect", keys) == "; did you mean 'select'?");
    CHECK(did_you_mean_text("colour", keys).empty());
}

} // namespace portcullis
