#include "engine/grid.hpp"

#include <algorithm>
#include <numeric>
#include <set>

#include "engine/usual.hpp"

namespace portcullis {

namespace {

constexpr std::size_t largest_slice = 63;       // atoms, with a guard bit above them
constexpr std::size_t most_merged = 1U << 28U;  // pieces that sets of one field are compared by, to see whether these are few atoms
constexpr std::size_t most_regions = 1U << 20U; // of one line

constexpr std::size_t block_size = 256;         // pieces whose atoms are looked up together

// Into how many intervals the masks of one set are taken apart. A wildcard over an address with more holes than
// that would be as many regions; of narrow fields there are never too many.
std::size_t most_intervals(Field field) { return info(field).bits <= 16 ? 65536 : 64; }

// No condition on the transport header holds for a later fragment, which has none.
ValueSet const& no_fragment() {
    static ValueSet const value = ValueSet::single(0);
    return value;
}

template <class Visit> void each_set(Match const& match, Visit const& visit) {
    auto const one = [&](Field field, ValueSet const& values) {
        visit(field, values);
        if (info(field).transport) visit(Field::fragment, no_fragment());
    };
    for (Term const& term : match.terms) one(term.field, term.values);
    for (Alternatives const& relation : match.alternatives) {
        for (auto const& row : relation.rows) {
            for (std::size_t c = 0; c < row.size(); ++c) one(relation.fields[c], row[c]);
        }
    }
}

// The intervals of the values, not complemented: both have the same borders.
template <class Visit> bool each_interval(Field field, ValueSet const& values, Visit const& visit) {
    for (Interval const& interval : values.intervals.intervals()) visit(interval);
    if (values.masks.empty()) return true;
    ValueSet masks;
    masks.masks = values.masks;
    auto const expanded = masks.as_intervals(info(field).bits, most_intervals(field));
    if (!expanded) return false;
    for (Interval const& interval : expanded->intervals()) visit(interval);
    return true;
}

// A number that looks random and is always the same for the same seed (splitmix64).
std::uint64_t mixed(std::uint64_t seed) {
    seed += 0x9E3779B97F4A7C15ULL;
    seed = (seed ^ (seed >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    seed = (seed ^ (seed >> 27U)) * 0x94D049BB133111EBULL;
    return seed ^ (seed >> 31U);
}

std::vector<std::uint8_t> counting(std::size_t count) {
    std::vector<std::uint8_t> numbers(count);
    std::iota(numbers.begin(), numbers.end(), std::uint8_t{0});
    return numbers;
}

double to_double(U128 value) { return static_cast<double>(value); }

std::vector<Match const*> distinct_matches(Ruleset const& ruleset, Lines const& lines) {
    std::vector<Match const*> all;
    all.reserve(lines.lines.size() + lines.paths.size());
    for (CallPath const& path : lines.paths) {
        if (path.match != nullptr) all.push_back(path.match);
    }
    for (Line const& line : lines.lines) {
        if (line.rule.rule != RuleId::policy)
            all.push_back(&ruleset.chains[line.rule.chain].rules[line.rule.rule].match);
    }
    if (lines.paths.size() > 2) { // a chain may be called several times
        std::sort(all.begin(), all.end());
        all.erase(std::unique(all.begin(), all.end()), all.end());
    }
    return all;
}

} // namespace

std::size_t Grid::Axis::piece(U128 value) const {
    return static_cast<std::size_t>(std::upper_bound(starts.begin(), starts.end(), value) - starts.begin()) - 1;
}

Interval Grid::Axis::interval(std::size_t piece, U128 largest) const {
    return {starts[piece], piece + 1 < starts.size() ? starts[piece + 1] - 1 : largest};
}

void Grid::Axis::sum_up_atoms() {
    blocks.assign(starts.size() / block_size + 1, 0);
    first_of.assign(atom_count, starts.size());
    for (std::size_t p = starts.size(); p-- > 0;) {
        blocks[p / block_size] |= std::uint64_t{1} << atom_of[p];
        first_of[atom_of[p]] = p;
    }
}

std::uint64_t Grid::Axis::atoms_within(Span32 run) const {
    std::uint64_t atoms = 0;
    auto const end = static_cast<std::size_t>(run.last) + 1;
    for (auto p = static_cast<std::size_t>(run.first); p < end;) {
        bool const whole = p % block_size == 0 && p + block_size <= end;
        atoms |= whole ? blocks[p / block_size] : std::uint64_t{1} << atom_of[p];
        p += whole ? block_size : 1;
    }
    return atoms;
}

Grid::Grid(Ruleset const& ruleset, Lines const& lines, std::size_t most_atoms)
    : ruleset_(ruleset), lines_(lines), most_atoms_(std::min(most_atoms, largest_slice)) {
    Matches const matches = distinct_matches(ruleset, lines);
    cut(matches);
    count_opaque(ruleset, lines);
    place_axes();
}

void Grid::cut(Matches const& matches) {
    bool by_family = false;
    for (Match const* match : matches) {
        each_set(*match, [&](Field field, ValueSet const& values) {
            U128 const largest = info(field).largest;
            std::vector<U128>& starts = axis(field).starts;
            if (starts.empty()) starts.push_back(0);
            by_family = by_family || info(field).family.has_value();
            each_interval(field, values, [&](Interval const& interval) {
                if (interval.first <= largest) starts.push_back(interval.first);
                if (interval.last < largest) starts.push_back(interval.last + 1);
            });
        });
    }
    // A set of both families or of neither does not tell them apart; an address does.
    if (by_family) axis(Field::family).starts.insert(axis(Field::family).starts.end(), {family_v4, family_v6});
    for (FieldInfo const& row : fields()) {
        if (!is_asked(row.field)) continue;
        Axis& one = axis(row.field);
        std::sort(one.starts.begin(), one.starts.end());
        one.starts.erase(std::unique(one.starts.begin(), one.starts.end()), one.starts.end());
        one.starts.shrink_to_fit();
        one.atom_count = one.starts.size();
        bool const few = one.atom_count <= most_atoms_ || row.field == Field::family;
        if (few)
            one.atom_of = counting(one.atom_count);
        else
            merge_pieces(row.field, matches);
    }
}

// Pieces that no rule tells apart are one atom: eth0, eth1 and all other names, or the addresses of a large set that
// many rules ask for. Gives up where that leaves too many.
void Grid::merge_pieces(Field field, Matches const& matches) {
    Axis& one = axis(field);
    std::vector<std::uint32_t> atom(one.starts.size(), 0);
    std::vector<std::size_t> sizes{atom.size()}; // of the atoms, in pieces
    using Runs = std::vector<std::pair<std::size_t, std::size_t>>;
    std::set<Runs> known;
    Runs runs;
    std::size_t steps = 0;
    for (Match const* match : matches) {
        each_set(*match, [&](Field asked, ValueSet const& values) {
            if (asked != field || sizes.size() > most_atoms_ || steps > most_merged) return;
            runs.clear();
            each_interval(field, values, [&](Interval const& interval) {
                if (interval.first > info(field).largest) return;
                runs.emplace_back(one.piece(interval.first),
                                  one.piece(std::min(interval.last, info(field).largest)));
            });
            std::sort(runs.begin(), runs.end());
            auto const [at, added] = known.insert(runs);
            if (!added) return;
            std::vector<std::size_t> inside; // pieces
            for (auto const& [first, last] : *at) {
                for (std::size_t p = inside.empty() ? first : std::max(first, inside.back() + 1); p <= last; ++p) inside.push_back(p);
            }
            steps += inside.size();
            std::vector<std::size_t> taken(sizes.size(), 0); // pieces of each atom
            for (std::size_t const p : inside) ++taken[atom[p]];
            std::vector<std::uint32_t> split(sizes.size(), ~0U); // what an atom's pieces inside become
            for (std::size_t const p : inside) {
                std::uint32_t const old = atom[p];
                if (taken[old] == sizes[old]) continue;
                if (split[old] == ~0U) {
                    split[old] = static_cast<std::uint32_t>(sizes.size());
                    sizes.push_back(0);
                }
                atom[p] = split[old];
                ++sizes[split[old]];
            }
            for (std::size_t old = 0; old < split.size(); ++old)
                if (split[old] != ~0U) sizes[old] -= taken[old];
        });
        if (sizes.size() > most_atoms_ || steps > most_merged) return;
    }
    one.atom_count = sizes.size();
    one.atom_of.assign(atom.begin(), atom.end());
}

void Grid::count_opaque(Ruleset const& ruleset, Lines const& lines) {
    std::unordered_map<std::string, std::pair<std::uint32_t, Opaque const*>> seen;
    std::vector<std::string> order;
    for (Line const& line : lines.lines) {
        lines.each_match(ruleset, line, [&](Match const& match) {
            for (Opaque const& opaque : match.opaque) {
                std::string key = opaque_key(opaque);
                auto const [at, added] = seen.try_emplace(key, 0, &opaque);
                std::uint32_t& count = at->second.first;
                bool const was_shared = count >= 2;
                // A line that returns, or not, leads packets past others: that has to be followed.
                count += line.until != Line::never_ends && line.until != 0 ? 2 : 1;
                if (!was_shared && count >= 2) order.push_back(std::move(key));
            }
        });
    }
    // In the order of the text: the same list has the same grid, however its keys hash.
    for (std::string const& key : order) {
        Opaque const& opaque = *seen.at(key).second;
        opaque_[key] = {{key, opaque.text, opaque.stateful, true}, 0, 0, false};
        unsigned shift = 0;
        if (auto const slice = new_slice(2, shift)) {
            opaque_[key].slice = *slice;
            opaque_[key].shift = shift;
            opaque_[key].placed = true;
        }
    }
}

std::optional<std::size_t> Grid::new_slice(std::size_t atoms, unsigned& shift) {
    auto const bits = static_cast<unsigned>(atoms) + 1;
    for (std::size_t w = 0; w < Region::words; ++w) {
        if (used_[w] + bits > 64) continue;
        shift = used_[w];
        std::uint64_t const mask = ((std::uint64_t{1} << atoms) - 1) << shift;
        slices_.list.push_back({w, mask});
        slices_.fill[w] |= mask;
        slices_.guard[w] |= std::uint64_t{1} << (shift + bits - 1);
        whole_.atoms[w] |= mask;
        used_[w] += bits;
        return slices_.list.size() - 1;
    }
    return std::nullopt;
}

// Few atoms first into the words; what has too many for them is ordered while there are dimensions.
void Grid::place_axes() {
    std::vector<Field> asked;
    for (FieldInfo const& row : fields()) {
        if (is_asked(row.field)) asked.push_back(row.field);
    }
    std::stable_sort(asked.begin(), asked.end(),
                     [&](Field a, Field b) { return axis(a).atom_count < axis(b).atom_count; });
    std::size_t dimensions = 0;
    std::vector<Field> ordered;
    for (Field const field : asked) {
        Axis& one = axis(field);
        one.kind = Axis::Kind::coarse;
        if (one.atom_count <= most_atoms_ || field == Field::family) {
            if (auto const slice = new_slice(one.atom_count, one.shift)) {
                one.place = *slice;
                one.kind = Axis::Kind::atoms;
                continue;
            }
        }
        ordered.push_back(field);
    }
    // The finest fields matter most.
    std::reverse(ordered.begin(), ordered.end());
    for (Field const field : ordered) {
        if (dimensions == Region::ranges) break;
        Axis& one = axis(field);
        one.kind = Axis::Kind::ordered;
        one.place = dimensions++;
        whole_.last[one.place] = static_cast<std::int32_t>(one.starts.size() - 1);
    }
    for (Field const field : asked) {
        Axis& one = axis(field);
        if (one.kind == Axis::Kind::coarse) continue;
        asked_.push_back(field);
        if (one.kind != Axis::Kind::atoms) continue;
        one.sum_up_atoms();
        weigh_atoms(field);
    }
}

void Grid::weigh_atoms(Field field) {
    Axis& one = axis(field);
    one.weights.assign(one.atom_count, 0);
    for (std::size_t p = 0; p < one.starts.size(); ++p) {
        Interval const interval = one.interval(p, info(field).largest);
        one.weights[one.atom_of[p]] +=
            (to_double(interval.last - interval.first) + 1) / (to_double(info(field).largest) + 1);
    }
}

// The values as runs of pieces; false where they had to be widened.
bool Grid::pieces(Field field, ValueSet const& values, std::vector<Span32>& out) const {
    Axis const& one = axis(field);
    U128 const largest = info(field).largest;
    auto const give = [&](Interval const& interval) {
        if (interval.first > largest) return;
        std::size_t const first = one.piece(interval.first);
        bool const single =
            first + 1 == one.starts.size() || one.starts[first + 1] > interval.last; // a host, a port
        std::size_t const last = single ? first : one.piece(std::min(interval.last, largest));
        out.push_back({static_cast<std::int32_t>(first), static_cast<std::int32_t>(last)});
    };
    if (values.masks.empty() && !values.negated) {
        for (Interval const& interval : values.intervals.intervals()) give(interval);
        return true;
    }
    if (auto const all = values.as_intervals(info(field).bits, most_intervals(field))) {
        for (Interval const& interval : all->intervals()) give(interval);
        return true;
    }
    Interval const hull = values.hull(info(field).bits);
    if (hull.first <= hull.last) give(hull);
    return false;
}

void Grid::keep(Extent& extent, std::size_t slice_index, std::uint64_t atoms) const {
    Slices::Slice const& slice = slices_.list[slice_index];
    std::erase_if(extent.regions, [&](Region& region) {
        region.atoms[slice.word] &= atoms | ~slice.mask;
        return (region.atoms[slice.word] & slice.mask) == 0;
    });
}

void Grid::narrow_family(Extent& extent, Family family) const {
    Axis const& one = axis(Field::family);
    keep(extent, one.place, std::uint64_t{1} << (one.shift + (family == Family::v6 ? 1U : 0U)));
}

void Grid::narrow(Extent& extent, Field field, ValueSet const& values) const {
    if (auto const family = info(field).family) narrow_family(extent, *family);
    if (info(field).transport) narrow(extent, Field::fragment, no_fragment());
    Axis const& one = axis(field);
    if (one.kind == Axis::Kind::coarse) {
        extent.exact = extent.exact && values.is_all(info(field).bits);
        return;
    }
    std::vector<Span32>& runs = extent.runs;
    runs.clear();
    if (!pieces(field, values, runs)) extent.exact = false;
    if (one.kind == Axis::Kind::atoms) {
        std::uint64_t atoms = 0;
        for (Span32 const run : runs) atoms |= one.atoms_within(run);
        keep(extent, one.place, atoms << one.shift);
        return;
    }
    if (runs.size() == 1) {
        std::erase_if(extent.regions, [&](Region& region) {
            region.first[one.place] = std::max(region.first[one.place], runs[0].first);
            region.last[one.place] = std::min(region.last[one.place], runs[0].last);
            return region.first[one.place] > region.last[one.place];
        });
        return;
    }
    if (extent.regions.size() * runs.size() > most_regions) { // their hull instead
        extent.exact = false;
        runs = {{runs.front().first, runs.back().last}};
    }
    std::vector<Region> narrowed;
    for (Region const& region : extent.regions) {
        for (Span32 const run : runs) {
            Region piece = region;
            piece.first[one.place] = std::max(piece.first[one.place], run.first);
            piece.last[one.place] = std::min(piece.last[one.place], run.last);
            if (piece.first[one.place] <= piece.last[one.place]) narrowed.push_back(piece);
        }
    }
    extent.regions = std::move(narrowed);
}

void Grid::narrow(Extent& extent, Alternatives const& relation) const {
    if (!relation.negated) {
        Extent all;
        for (auto const& row : relation.rows) {
            Extent one{extent.regions, true, false};
            for (std::size_t c = 0; c < row.size() && !one.regions.empty(); ++c) {
                if (!row[c].is_all(info(relation.fields[c]).bits)) narrow(one, relation.fields[c], row[c]);
            }
            if (all.regions.size() + one.regions.size() > most_regions) { // the relation is left out
                extent.exact = false;
                return;
            }
            all.exact = all.exact && (one.exact || one.regions.empty());
            all.regions.insert(all.regions.end(), one.regions.begin(), one.regions.end());
        }
        extent.exact = extent.exact && all.exact;
        extent.regions = std::move(all.regions);
        return;
    }
    for (auto const& row : relation.rows) {
        Extent one{{whole_}, true, false};
        for (std::size_t c = 0; c < row.size() && !one.regions.empty(); ++c) {
            if (!row[c].is_all(info(relation.fields[c]).bits)) narrow(one, relation.fields[c], row[c]);
        }
        if (one.regions.empty()) continue;
        if (!one.exact || extent.regions.size() * one.regions.size() > most_regions / 16) {
            extent.exact = false; // what the row excludes stays in
            continue;
        }
        for (Region const& cut : one.regions) {
            std::vector<Region> left;
            for (Region const& region : extent.regions) {
                if (meets(region, cut, slices_)) {
                    subtract(region, cut, slices_, [&](Region const& piece) { left.push_back(piece); });
                } else {
                    left.push_back(region);
                }
            }
            extent.regions = std::move(left);
        }
    }
}

void Grid::narrow(Extent& extent, Opaque const& opaque) const {
    auto const at = opaque_.find(opaque_key(opaque));
    if (at == opaque_.end()) {
        extent.loose = true;
        return;
    }
    Shared const& shared = at->second;
    if (!shared.placed) {
        extent.exact = false;
        return;
    }
    keep(extent, shared.slice, std::uint64_t{1} << (shared.shift + (opaque.negated ? 0U : 1U)));
}

void Grid::narrow(Extent& extent, Match const& match) const {
    for (Term const& term : match.terms) narrow(extent, term.field, term.values);
    for (Opaque const& opaque : match.opaque) narrow(extent, opaque);
    for (Alternatives const& relation : match.alternatives) narrow(extent, relation);
}

void Grid::extent(Line const& line, Extent& out) const {
    Called called;
    extent(line, called, out);
}

void Grid::extent(Line const& line, Called& called, Extent& out) const {
    if (called.path != line.path) {
        called = {line.path, {.regions = {whole_}}};
        lines_.each_call(line, [&](Match const& match) { narrow(called.extent, match); });
    }
    out = called.extent;
    if (line.rule.rule != RuleId::policy) narrow(out, ruleset_.chains[line.rule.chain].rules[line.rule.rule].match);
    if (out.regions.empty()) out.exact = true; // what holds more is empty
}

void Grid::extent(Match const& match, Extent& out) const {
    out.regions.assign(1, whole_);
    out.exact = true;
    out.loose = false;
    narrow(out, match);
    if (out.regions.empty()) out.exact = true;
}

double Grid::volume(Region const& region) const {
    double product = 1;
    for (Field const field : asked_) {
        Axis const& one = axis(field);
        U128 const largest = info(field).largest;
        if (one.kind == Axis::Kind::ordered) {
            U128 const first = one.starts[static_cast<std::size_t>(region.first[one.place])];
            U128 const last = one.interval(static_cast<std::size_t>(region.last[one.place]), largest).last;
            product *= (to_double(last - first) + 1) / (to_double(largest) + 1);
            continue;
        }
        Slices::Slice const& slice = slices_.list[one.place];
        std::uint64_t chosen = region.atoms[slice.word] & slice.mask;
        if (chosen == slice.mask) continue;
        double sum = 0;
        for (; chosen != 0; chosen &= chosen - 1) {
            sum += one.weights[static_cast<unsigned>(std::countr_zero(chosen)) - one.shift];
        }
        product *= sum;
    }
    return product;
}

Region Grid::sample(Region const& region, std::uint64_t seed) const {
    Region point = region;
    for (std::size_t d = 0; d < Region::ranges; ++d) {
        if (region.first[d] == region.last[d]) continue;
        seed = mixed(seed);
        auto const width = static_cast<std::uint64_t>(region.last[d] - region.first[d]) + 1;
        point.first[d] = point.last[d] = region.first[d] + static_cast<std::int32_t>((seed >> 32U) * width >> 32U);
    }
    for (Slices::Slice const& slice : slices_.list) {
        std::uint64_t bits = region.atoms[slice.word] & slice.mask;
        if ((bits & (bits - 1)) == 0) continue;
        seed = mixed(seed);
        auto skip = static_cast<unsigned>((seed >> 32U) * static_cast<std::uint64_t>(std::popcount(bits)) >> 32U);
        while (skip-- > 0) bits &= bits - 1;
        point.atoms[slice.word] = (point.atoms[slice.word] & ~slice.mask) | (bits & (~bits + 1));
    }
    return point;
}

Region Grid::point(Member const& member) const {
    Region point = whole_;
    for (FieldInfo const& row : fields()) {
        Axis const& one = axis(row.field);
        if (one.kind != Axis::Kind::ordered && one.kind != Axis::Kind::atoms) continue;
        std::size_t const piece = one.piece(member.packet[row.field]);
        if (one.kind == Axis::Kind::ordered) {
            point.first[one.place] = point.last[one.place] = static_cast<std::int32_t>(piece);
        } else {
            Slices::Slice const& slice = slices_.list[one.place];
            point.atoms[slice.word] &= ~slice.mask | std::uint64_t{1} << (one.shift + one.atom_of[piece]);
        }
    }
    for (auto const& [key, shared] : opaque_) {
        if (!shared.placed) continue;
        bool const holds = std::any_of(member.assumptions.begin(), member.assumptions.end(),
                                       [&k = key](Assumption const& a) { return a.key == k && a.holds; });
        Slices::Slice const& slice = slices_.list[shared.slice];
        point.atoms[slice.word] &= ~slice.mask | std::uint64_t{1} << (shared.shift + (holds ? 1U : 0U));
    }
    return point;
}

Member Grid::member(Region const& region) const {
    Member member;
    auto const allows = [&](Axis const& one, std::size_t piece) {
        if (one.kind == Axis::Kind::atoms) {
            return (region.atoms[slices_.list[one.place].word] >> (one.shift + one.atom_of[piece]) & 1U) != 0;
        }
        auto const at = static_cast<std::int32_t>(piece);
        return one.kind != Axis::Kind::ordered || (region.first[one.place] <= at && at <= region.last[one.place]);
    };
    auto const first_piece = [&](Axis const& one) {
        if (one.kind == Axis::Kind::ordered) return static_cast<std::size_t>(region.first[one.place]);
        if (one.kind != Axis::Kind::atoms) return std::size_t{0};
        std::size_t first = one.starts.size();
        for (std::size_t atom = 0; atom < one.atom_count; ++atom)
            if (allows(one, one.first_of[atom])) first = std::min(first, one.first_of[atom]);
        return first;
    };
    auto const choose = [&](Field field) {
        Axis const& one = axis(field);
        bool const placed = one.kind == Axis::Kind::ordered || one.kind == Axis::Kind::atoms;
        auto const fits = [&](U128 value) { return !placed || allows(one, one.piece(value)); };
        Packet& packet = member.packet;
        bool const later = packet[Field::fragment] != 0;
        U128 const protocol = packet[Field::protocol];
        bool const port = field == Field::sport || field == Field::dport;
        bool const icmp = field == Field::icmp_type || field == Field::icmp_code;
        // Fields that the protocol does not have are zero, unless the region asks for them all the same.
        bool const absent =
            (port && (later || !port_protocols().contains(protocol))) ||
            (field == Field::tcp_flags && (later || protocol != number(Protocol::tcp))) ||
            (icmp && (later || (protocol != number(Protocol::icmp) && protocol != number(Protocol::icmpv6))));
        if (absent && fits(0)) return U128{0};
        for (U128 const value : usual_values(field)) {
            if (fits(value)) return value;
        }
        return usual_within(field, one.interval(first_piece(one), info(field).largest));
    };
    for (Field const field : {Field::family, Field::protocol, Field::fragment})
        member.packet[field] = choose(field);
    for (FieldInfo const& row : fields()) {
        bool const chosen =
            row.field == Field::family || row.field == Field::protocol || row.field == Field::fragment;
        if (chosen || (row.family && *row.family != member.packet.family())) continue;
        member.packet[row.field] = choose(row.field);
    }
    for (auto const& [key, shared] : opaque_) {
        if (!shared.placed) continue;
        std::uint64_t const bits = region.atoms[slices_.list[shared.slice].word] >> shared.shift & 3U;
        if (bits == 3) continue; // whatever it says
        member.assumptions.push_back(shared.assumption);
        member.assumptions.back().holds = bits == 2;
    }
    return member;
}

} // namespace portcullis
