//! Points on short Weierstrass curves y² = x³ + ax + b over a prime field, in Jacobian coordinates.

use num_bigint::BigUint;
use num_traits::{One, Zero};

/// A curve with a base point of prime order.
pub(super) struct Curve {
    p: BigUint,
    /// The order of the base point.
    pub(super) n: BigUint,
    a: BigUint,
    b: BigUint,
    base: Point,
    /// The length of a coordinate in bytes.
    pub(super) size: usize,
}

/// A point; infinity when z is zero.
#[derive(Clone)]
pub(super) struct Point {
    x: BigUint,
    y: BigUint,
    z: BigUint,
}

impl Curve {
    /// The curve `[p, n, a, b, x, y]`, hexadecimal.
    pub(super) fn new(parameters: [&str; 6]) -> Self {
        let [p, n, a, b, x, y] = parameters.map(|digits| {
            BigUint::parse_bytes(digits.as_bytes(), 16).expect("curve parameters are constants in hexadecimal")
        });
        let size = p.bits().div_ceil(8) as usize;
        Self {
            p,
            n,
            a,
            b,
            base: Point {
                x,
                y,
                z: BigUint::one(),
            },
            size,
        }
    }

    /// The point (x, y), if it lies on the curve.
    pub(super) fn point(&self, x: BigUint, y: BigUint) -> Option<Point> {
        if x >= self.p || y >= self.p {
            return None;
        }
        let right = (&x * &x % &self.p + &self.a) * &x + &self.b;
        let on_curve = &y * &y % &self.p == right % &self.p;
        on_curve.then(|| Point {
            x,
            y,
            z: BigUint::one(),
        })
    }

    /// The x coordinate of `base_factor`·base + `factor`·point; `None` at infinity.
    pub(super) fn combination(&self, base_factor: &BigUint, factor: &BigUint, point: &Point) -> Option<BigUint> {
        let both = self.add(&self.base, point);
        let mut sum = Point {
            x: BigUint::one(),
            y: BigUint::one(),
            z: BigUint::zero(),
        };
        for bit in (0..base_factor.bits().max(factor.bits())).rev() {
            sum = self.double(&sum);
            match (base_factor.bit(bit), factor.bit(bit)) {
                (true, true) => sum = self.add(&sum, &both),
                (true, false) => sum = self.add(&sum, &self.base),
                (false, true) => sum = self.add(&sum, point),
                (false, false) => {}
            }
        }
        self.affine_x(&sum)
    }

    fn affine_x(&self, point: &Point) -> Option<BigUint> {
        let inverse = point.z.modinv(&self.p)?;
        Some(&point.x * (&inverse * &inverse % &self.p) % &self.p)
    }

    fn double(&self, point: &Point) -> Point {
        let p = &self.p;
        let yy = &point.y * &point.y % p;
        let s = ((&point.x * &yy) << 2) % p;
        let zz = &point.z * &point.z % p;
        let m = (&point.x * &point.x * 3_u8 + &self.a * (&zz * &zz % p)) % p;
        let x = self.minus(&(&m * &m % p), &((&s << 1) % p));
        let y = self.minus(&(&m * self.minus(&s, &x) % p), &(((&yy * &yy) << 3) % p));
        let z = ((&point.y * &point.z) << 1) % p;
        Point { x, y, z }
    }

    fn add(&self, left: &Point, right: &Point) -> Point {
        if left.z.is_zero() {
            return right.clone();
        }
        if right.z.is_zero() {
            return left.clone();
        }
        let p = &self.p;
        let (left_zz, right_zz) = (&left.z * &left.z % p, &right.z * &right.z % p);
        let (u1, u2) = (&left.x * &right_zz % p, &right.x * &left_zz % p);
        let (s1, s2) = (
            &left.y * (&right_zz * &right.z % p) % p,
            &right.y * (&left_zz * &left.z % p) % p,
        );
        let (h, r) = (self.minus(&u2, &u1), self.minus(&s2, &s1));
        if h.is_zero() && r.is_zero() {
            return self.double(left);
        }
        // With h zero and r not, the points are opposite; z becomes zero below, which is infinity.
        let hh = &h * &h % p;
        let hhh = &hh * &h % p;
        let v = &u1 * &hh % p;
        let x = self.minus(&(&r * &r % p), &((&hhh + (&v << 1)) % p));
        let y = self.minus(&(&r * self.minus(&v, &x) % p), &(&s1 * &hhh % p));
        let z = &h * (&left.z * &right.z % p) % p;
        Point { x, y, z }
    }

    /// left − right, both already reduced.
    fn minus(&self, left: &BigUint, right: &BigUint) -> BigUint {
        if left >= right {
            left - right
        } else {
            left + &self.p - right
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    impl Curve {
        /// The affine coordinates of factor·base, for making keys and signatures in tests.
        pub(in crate::cms::primitive) fn multiple_of_base(&self, factor: &BigUint) -> (BigUint, BigUint) {
            let mut sum = Point {
                x: BigUint::one(),
                y: BigUint::one(),
                z: BigUint::zero(),
            };
            for bit in (0..factor.bits()).rev() {
                sum = self.double(&sum);
                if factor.bit(bit) {
                    sum = self.add(&sum, &self.base);
                }
            }
            let inverse = sum
                .z
                .modinv(&self.p)
                .expect("the factor is not a multiple of the order");
            let square = &inverse * &inverse % &self.p;
            (
                &sum.x * &square % &self.p,
                sum.y * (square * inverse % &self.p) % &self.p,
            )
        }
    }

    #[test]
    fn the_base_point_has_its_order() {
        for parameters in super::super::parameters::tests::ALL {
            let curve = Curve::new(parameters);
            let base = curve
                .point(curve.base.x.clone(), curve.base.y.clone())
                .expect("the base point lies on the curve");
            // (n − 1)·base = −base, and −base + base is infinity.
            let almost = &curve.n - 1_u8;
            assert_eq!(curve.multiple_of_base(&almost).0, curve.base.x);
            assert!(curve.combination(&almost, &BigUint::one(), &base).is_none());
            // A sum that meets the doubling case: base + base.
            let twice = curve
                .combination(&BigUint::one(), &BigUint::one(), &base)
                .expect("twice the base is a point");
            assert_eq!(twice, curve.multiple_of_base(&BigUint::from(2_u8)).0);
            assert!(curve.point(curve.base.x.clone(), &curve.base.y + 1_u8).is_none());
        }
    }
}
