// Random rulesets that translate, on all ways through the box, and packets for them.
#pragma once
#include "engine/random_rules.hpp"

namespace portcullis {

struct TranslationPlace {
    HookPoint point;
    ChainType type;
    int priority;
};
constexpr TranslationPlace translation_places[] = {
    {HookPoint::prerouting, ChainType::filter, -300}, {HookPoint::prerouting, ChainType::nat, -100},
    {HookPoint::prerouting, ChainType::nat, -90},     {HookPoint::prerouting, ChainType::filter, -50},
    {HookPoint::input, ChainType::filter, 0},         {HookPoint::input, ChainType::nat, 100},
    {HookPoint::forward, ChainType::filter, 0},       {HookPoint::output, ChainType::nat, -100},
    {HookPoint::output, ChainType::filter, 0},        {HookPoint::postrouting, ChainType::nat, 100},
    {HookPoint::postrouting, ChainType::filter, 150},
};

constexpr std::array tuple_fields{Field::orig_src4,   Field::orig_dst4,   Field::orig_src6,  Field::orig_dst6,  Field::orig_sport,
                                  Field::orig_dport,  Field::reply_src4,  Field::reply_dst4, Field::reply_src6, Field::reply_dst6,
                                  Field::reply_sport, Field::reply_dport, Field::ct_protocol};

class RandomTranslations {
  public:
    explicit RandomTranslations(std::uint32_t seed) : random_(seed) {}

    Ruleset ruleset() {
        Ruleset all;
        ChainId const called = std::size(translation_places);
        for (TranslationPlace const& place : translation_places) {
            Chain chain;
            chain.name = "c" + std::to_string(all.chains.size());
            chain.hook = Hook{place.point, place.type, place.priority, true, true, {}};
            if (random_.chance(20)) chain.policy = Drop{};
            fill(chain, place, called);
            all.chains.push_back(std::move(chain));
        }
        Chain chain;
        chain.name = "called";
        for (std::uint32_t i = 0; i < random_.below(3); ++i) add(chain, filter_verdict(false, 0));
        all.chains.push_back(std::move(chain));
        return all;
    }

    Packet packet() {
        Packet p = random_.packet();
        if (random_.chance(60)) p[Field::ct_state] = ct_state::new_;
        p[Field::dst6] = random_.below(9);
        p[Field::dst_type] = random_.below(4);
        if (random_.chance(50)) p[Field::ct_status] = U128{1} << random_.below(6);
        for (Field const pick : {Field::nat_dst, Field::nat_dport, Field::nat_src, Field::nat_sport}) p[pick] = random_.below(9);
        p[Field::nat_dst_type] = random_.below(4);
        // What conntrack keeps of connections that the packet does not begin.
        for (Field const field : tuple_fields)
            if (info(field).family.value_or(p.family()) == p.family()) p[field] = random_.below(9);
        p[Field::ct_direction] = random_.below(5) == 0 ? 1 : 0;
        if (random_.chance(5)) p[Field::iif] = interface_value("lo");
        return p;
    }
    // The same with a rule less, or a rule more.
    Ruleset edited(Ruleset ruleset) {
        for (std::uint32_t edits = random_.below(3); edits > 0; --edits) {
            ChainId const id = random_.below(std::size(translation_places));
            Chain& chain = ruleset.chains[id];
            if (!chain.rules.empty() && random_.chance(50)) {
                chain.rules.erase(chain.rules.begin());
                continue;
            }
            Chain more;
            for (int i = 0; i < 8 && more.rules.empty(); ++i) fill(more, translation_places[id], std::size(translation_places));
            chain.rules.insert(chain.rules.begin(), more.rules.begin(), more.rules.end());
        }
        return ruleset;
    }

  private:
    void fill(Chain& chain, TranslationPlace const& place, ChainId called) {
        bool const nat = place.type == ChainType::nat;
        for (std::uint32_t i = 0; i < random_.below(4); ++i)
            add(chain, nat && random_.chance(70) ? Verdict(rewrite(place.point)) : filter_verdict(true, called));
    }

    void add(Chain& chain, Verdict verdict) {
        Rule rule;
        rule.match = match();
        rule.verdict = std::move(verdict);
        rule.effects.notrack = random_.chance(5);
        if (random_.chance(10)) {
            rule.effects.assignments.push_back(random_.assignment());
            rule.effects.assignments.back().known = true;
        }
        rule.span = Span{0, next_, next_ + 1};
        ++next_;
        chain.rules.push_back(std::move(rule));
    }

    Match match() {
        Match match = random_.chance(40) ? random_.match() : Match{};
        match.opaque.clear();
        constexpr std::array ends{Field::dst4, Field::dport, Field::dst6, Field::src4, Field::sport, Field::dst_type};
        if (random_.chance(60)) {
            Field const field = ends[random_.below(ends.size())];
            match.terms.push_back({field, random_.values(field), {}});
        }
        if (random_.chance(15)) {
            U128 const bit = U128{1} << (4 + random_.below(2));
            match.terms.push_back({Field::ct_status, ValueSet::masked(bit, bit), {}});
        }
        if (random_.chance(25)) {
            Field const field = tuple_fields[random_.below(tuple_fields.size())];
            match.terms.push_back({field, random_.values(field), {}});
        }
        return match;
    }

    Verdict filter_verdict(bool calls, ChainId called) {
        switch (random_.below(6)) {
        case 0:
        case 1: return Accept{};
        case 2: return Drop{};
        case 3: return Return{};
        case 4: return Continue{};
        default: return calls ? Verdict(Jump{called, random_.chance(30)}) : Verdict(Reject{});
        }
    }

    Interval interval() {
        U128 const a = random_.below(9);
        return {a, random_.chance(60) ? a : a + random_.below(3)};
    }

    Rewrite rewrite(HookPoint point) {
        bool const destination = point == HookPoint::prerouting || point == HookPoint::output;
        using Kind = Rewrite::Kind;
        Rewrite rewrite;
        rewrite.kind = destination ? (random_.chance(30) ? Kind::redirect : Kind::dnat)
                                   : (random_.chance(30) ? Kind::masquerade : Kind::snat);
        bool const own = rewrite.kind == Kind::redirect || rewrite.kind == Kind::masquerade;
        if (!own && random_.chance(20)) {
            rewrite.address = Interval{4, 7};
            rewrite.flags = "netmap";
        } else if (!own && random_.chance(70)) {
            rewrite.address = interval();
        }
        if (rewrite.flags.empty() && random_.chance(60)) rewrite.port = interval();
        return rewrite;
    }

    Random random_;
    std::uint32_t next_ = 1;
};

} // namespace portcullis
