#include <cstdint>

#include "engine/agreement.hpp"
#include "fuzz/promises.hpp"
#include "portcullis/engine/shadow.hpp"

namespace portcullis::fuzz {
namespace {

// Chance out of bytes, two for each number, and zeros behind their end.
class Bytes {
  public:
    explicit Bytes(std::string_view text) : text_(text) {}
    std::uint32_t operator()() { return next() | next() << 8U; }

  private:
    std::uint32_t next() { return at_ < text_.size() ? static_cast<unsigned char>(text_[at_++]) : 0; }
    std::string_view text_;
    std::size_t at_ = 0;
};

} // namespace

void run_agreement(std::string_view text) {
    RandomFrom<Bytes> random{Bytes(text)};
    ChainId const chains = 1 + random.below(4);
    bool const with_marks = random.chance(30);
    std::vector<std::vector<Rule>> rules(chains);
    for (ChainId c = 0; c < chains; ++c) {
        std::uint32_t const count = random.below(12);
        for (std::uint32_t i = 0; i < count; ++i) {
            Match match = random.chance(20) ? random.host_match() : random.match();
            rules[c].push_back(rule(std::move(match), random.verdict(c, chains)));
            rules[c].back().span = Span{0, c * 10000 + i + 100, c * 10000 + i + 101};
            if (with_marks && random.chance(25)) rules[c].back().effects.assignments.push_back(random.assignment());
        }
    }
    Choice choice{{}, {{random.chance(50), random.chance(50)}}};
    for (int i = 0; i < 12; ++i) choice.packets.push_back(random.packet());
    Ruleset const ruleset = world(std::move(rules), random.chance(50));
    require(!disagreement(ruleset, choice), "the engine and the interpreter agree");

    // A rule of the first chain is dead where no packet is left to it, by either way to find that out.
    Shadows const shadows(ruleset);
    Space space;
    Reach reach(space, ruleset, space.all());
    for (std::uint32_t i = 0; i < ruleset.chains[0].rules.size(); ++i) {
        Life const life = shadows.life({0, i});
        if (life == Life::unknown) continue;
        // What is asked of a mark that is computed is a free variable there, whatever else is asked beside it: too many packets, never too few.
        Match const& match = ruleset.chains[0].rules[i].match;
        bool const too_many = with_marks && (asks_about(match, Field::mark) || asks_about(match, Field::ct_mark));
        bool const hit = !reach.hits({{Marks{}, space.all()}}, 0, 0, i).empty();
        require(life == Life::alive ? hit : !hit || too_many, "a rule is dead in both ways or in neither");
    }
}

} // namespace portcullis::fuzz
