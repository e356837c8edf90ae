// Service matrices against brute force: the interpreter says of every pair of addresses of a small world whether one reaches
// the other by some port, and no two classes are alike.
#include <catch2/catch.hpp>

#include "engine/random_rules.hpp"
#include "portcullis/engine/budget.hpp"
#include "portcullis/engine/cubes.hpp"
#include "portcullis/engine/interpret.hpp"
#include "portcullis/engine/matrix.hpp"
#include "portcullis/engine/reach.hpp"

using namespace portcullis;

namespace {

// Terms of random rules are about values up to 7 and the masks of them: all above are alike.
constexpr std::uint32_t addresses = 10;
constexpr std::uint32_t ports = 9;

Ruleset random_ruleset(Random& random, Family family) {
    std::vector<std::vector<Rule>> rules(2);
    for (ChainId chain = 0; chain < 2; ++chain) {
        for (std::uint32_t i = 0; i <= random.below(10); ++i) {
            Match match;
            for (Field const field : {src_field(family), dst_field(family), Field::dport})
                if (random.chance(60)) match.terms.push_back({field, random.values(field), {}});
            rules[chain].push_back(rule(std::move(match), random.verdict(chain, 2)));
        }
    }
    return world(std::move(rules), random.chance(30));
}

bool reaches(Ruleset const& ruleset, Family family, std::uint32_t from, std::uint32_t to) {
    for (std::uint32_t port = 0; port < ports; ++port) {
        Packet packet;
        packet[Field::family] = family_value(family);
        packet[src_field(family)] = from;
        packet[dst_field(family)] = to;
        packet[Field::dport] = port;
        if (interpret(ruleset, 0, packet).main().fate == Fate::accept) return true;
    }
    return false;
}

Matrix matrix_of(Ruleset const& ruleset, Family family) {
    Space space;
    Reach reach(space, ruleset, space.of(Field::fragment, ValueSet::single(0)));
    return address_matrix(reach.verdicts(0).accepted, family);
}

std::size_t class_of(Matrix const& matrix, U128 address) {
    auto const at = std::find_if(matrix.classes.begin(), matrix.classes.end(),
                                 [&](IntervalSet const& set) { return set.contains(address); });
    REQUIRE(at != matrix.classes.end());
    return static_cast<std::size_t>(at - matrix.classes.begin());
}

bool are_alike(Matrix const& matrix, std::size_t a, std::size_t b) {
    for (std::size_t other = 0; other < matrix.classes.size(); ++other)
        if (matrix.opens[a][other] != matrix.opens[b][other] || matrix.opens[other][a] != matrix.opens[other][b]) return false;
    return true;
}

void check_partition(Matrix const& matrix) {
    IntervalSet all;
    for (IntervalSet const& set : matrix.classes) {
        CHECK(!set.empty());
        CHECK(!all.overlaps(set));
        all = all.united(set);
    }
    CHECK(all.is_all(address_bits(matrix.family)));
    for (std::size_t a = 0; a < matrix.classes.size(); ++a)
        for (std::size_t b = 0; b < a; ++b) CHECK(!are_alike(matrix, a, b));
}

} // namespace

TEST_CASE("a matrix says of every two addresses what the interpreter does, in as few classes as possible") {
    std::size_t most_classes = 0;
    for (std::uint32_t seed = 1; seed <= 400; ++seed) {
        INFO("seed " << seed);
        Random random(seed);
        Family const family = random.chance(50) ? Family::v4 : Family::v6;
        Ruleset const ruleset = random_ruleset(random, family);
        Matrix const matrix = matrix_of(ruleset, family);
        check_partition(matrix);
        most_classes = std::max(most_classes, matrix.classes.size());
        for (std::uint32_t from = 0; from < addresses; ++from) {
            for (std::uint32_t to = 0; to < addresses; ++to) {
                bool const said = matrix.opens[class_of(matrix, from)][class_of(matrix, to)];
                if (said != reaches(ruleset, family, from, to)) FAIL(to_text(ruleset) << from << " > " << to);
            }
        }
        U128 const last = max_value(address_bits(family));
        CHECK(class_of(matrix, last) == class_of(matrix, addresses - 1));
    }
    CHECK(most_classes > 6);
}

TEST_CASE("masks with holes are classes like any other, within the budget") {
    auto const masked = [](U128 value, U128 mask) {
        Match match;
        match.terms.push_back({Field::dst4, ValueSet::masked(value, mask), {}});
        return world({{rule(match, Accept{})}}, false);
    };
    Matrix const matrix = matrix_of(masked(0x0A000100U, 0xFF00FF00U), Family::v4);
    check_partition(matrix);
    REQUIRE(matrix.classes.size() == 2);
    std::size_t const named = class_of(matrix, 0x0A050107U);
    CHECK(matrix.classes[named].intervals().size() == 256);
    CHECK(matrix.opens[1 - named][named]);
    CHECK(!matrix.opens[named][1 - named]);
    CHECK_THROWS_AS(matrix_of(masked(1, 0xFF), Family::v4), BudgetExceeded);
}

TEST_CASE("a matrix without rules is one class") {
    for (bool const accepts : {false, true}) {
        Matrix const matrix = matrix_of(world({{}}, accepts), Family::v6);
        REQUIRE(matrix.classes.size() == 1);
        CHECK(matrix.opens[0][0] == accepts);
        check_partition(matrix);
    }
}

TEST_CASE("too many classes are refused") {
    std::vector<Rule> rules;
    for (std::uint32_t i = 0; i < 9000; ++i) {
        Match match;
        match.terms.push_back({Field::src4, ValueSet::single(2 * i), {}});
        match.terms.push_back({Field::dst4, ValueSet::single(2 * i), {}});
        rules.push_back(rule(std::move(match), Accept{}));
    }
    CHECK_THROWS_AS(matrix_of(world({std::move(rules)}, false), Family::v4), BudgetExceeded);
}

TEST_CASE("cubes of a part cover it and stay within the whole") {
    for (std::uint32_t seed = 1; seed <= 200; ++seed) {
        INFO("seed " << seed);
        Random random(seed);
        Space space;
        PacketSet const part = space.of(random.match()) - space.of(random.match());
        PacketSet const whole = part | space.of(random.match());
        Cover const cover = maximal_cubes(space, whole, part);
        if (!cover.complete) continue;
        PacketSet covered = space.none();
        for (Cube const& cube : cover.cubes) {
            CHECK(space.of(cube).subset_of(whole));
            covered |= space.of(cube);
        }
        CHECK(part.subset_of(covered));
    }
}
