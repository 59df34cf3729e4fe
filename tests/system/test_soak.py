# SPDX-License-Identifier: BSD-2-Clause
"""A short round of soak.py: `make soak T=600` is a long one.  SOAK in the
environment: so many seconds at least."""
import os
import unittest

from soak import Sample, Soak, growth


def samples(octets, requests=200):
    """Of phases of so many requests, with these octets of heap."""
    return [Sample(requests * i, n, 7600, 12000, 19, 4)
            for i, n in enumerate(octets)]


class Growth(unittest.TestCase):
    weight = 1

    def test_same_figures__again_and_again__are_no_growth(self):
        self.assertEqual(growth(samples([850000] * 3)), [])

    def test_noise_of_caches__in_either_direction__is_no_growth(self):
        self.assertEqual(growth(samples(
            [855000, 851000, 859000, 854000, 862000, 858000, 856000, 866000,
             863000])), [])

    def test_peak__that_goes_away__is_no_growth(self):
        self.assertEqual(growth(samples(
            [850000, 850000, 850000, 999000, 999000, 850000])), [])

    def test_octets__lost_with_every_request__are_growth(self):
        for phases in (3, 30):
            found = growth(samples([850000 + 100 * 200 * i
                                    for i in range(phases)]))
            self.assertEqual([x.split()[0] for x in found], ["octets"])

    def test_one_octet__lost_with_every_request__is_growth_in_the_long_run(
            self):
        noise = [0, 4000, -4000]
        self.assertTrue(growth(samples([
            850000 + 1200 * i + noise[i % 3] for i in range(120)])))

    def test_one_descriptor_or_thread__more_than_before__is_growth(self):
        for member in ("descriptors", "threads"):
            more = samples([850000] * 3)
            more[2] = more[2]._replace(**{member: getattr(more[2],
                                                          member) + 1})
            self.assertEqual([x.split()[0] for x in growth(more)], [member])

    def test_figure__that_nobody_may_look_at__is_left_out(self):
        self.assertEqual(growth([s._replace(descriptors=None)
                                 for s in samples([850000] * 3)]), [])


class Short(unittest.TestCase):
    weight = 24

    def test_dhcpfod__whatever_it_has_been_through__holds_no_more_than_before(
            self):
        seed = str(int.from_bytes(os.urandom(4), "big"))
        try:
            with Soak(seed, per_phase=160) as soak:
                soak.run(float(os.environ.get("SOAK", 0)), phases=3,
                         warm_up=1)
        except BaseException as error:
            raise AssertionError("soak.py -n 160 -p 3 -w 1 -s %s: %s" % (
                seed, error)) from error
        # It was a soak: all this has happened.
        self.assertEqual(set(soak.events), set(Soak.EVENTS) - soak.left_out)
        self.assertGreater(soak.traps.count, 0)
        if soak.judged:
            self.assertGreater(soak.samples[-1].octets, 100000)


if __name__ == "__main__":
    unittest.main()
