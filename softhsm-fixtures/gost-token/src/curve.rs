//! Short Weierstrass curves over prime fields, for tests: nothing here runs in constant time.

use num_bigint::BigUint;
use num_traits::{One, Zero};

/// y² = x³ + ax + b over GF(p), with a generator of prime order q.
#[derive(Clone, Debug)]
pub(crate) struct Curve {
    pub(crate) p: BigUint,
    pub(crate) a: BigUint,
    pub(crate) b: BigUint,
    pub(crate) q: BigUint,
    pub(crate) generator: Point,
}

/// A point other than zero, in affine coordinates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Point {
    pub(crate) x: BigUint,
    pub(crate) y: BigUint,
}

/// Jacobian coordinates: x = X/Z², y = Y/Z³; zero has Z = 0. They save the inversion that each affine step would cost.
#[derive(Clone)]
struct Jacobian {
    x: BigUint,
    y: BigUint,
    z: BigUint,
}

impl Curve {
    /// `scalar` times `point`; `None` is the zero of the group.
    pub(crate) fn multiply(&self, point: &Point, scalar: &BigUint) -> Option<Point> {
        self.affine(&self.multiple(point, scalar))
    }

    /// `first_scalar` times `first` plus `second_scalar` times `second`.
    pub(crate) fn multiply_add(&self, first: (&Point, &BigUint), second: (&Point, &BigUint)) -> Option<Point> {
        self.affine(&self.add(&self.multiple(first.0, first.1), &self.multiple(second.0, second.1)))
    }

    pub(crate) fn contains(&self, point: &Point) -> bool {
        let Point { x, y } = point;
        x < &self.p && y < &self.p && (y * y) % &self.p == (x * x * x + &self.a * x + &self.b) % &self.p
    }

    fn multiple(&self, point: &Point, scalar: &BigUint) -> Jacobian {
        let base = Jacobian {
            x: point.x.clone(),
            y: point.y.clone(),
            z: BigUint::one(),
        };
        let mut sum = Jacobian {
            x: BigUint::one(),
            y: BigUint::one(),
            z: BigUint::zero(),
        };
        for bit in (0..scalar.bits()).rev() {
            sum = self.double(&sum);
            if scalar.bit(bit) {
                sum = self.add(&sum, &base);
            }
        }
        sum
    }

    fn affine(&self, point: &Jacobian) -> Option<Point> {
        let inverse = point.z.modinv(&self.p)?;
        let square = &inverse * &inverse % &self.p;
        Some(Point {
            x: &point.x * &square % &self.p,
            y: &point.y * (square * inverse % &self.p) % &self.p,
        })
    }

    fn double(&self, point: &Jacobian) -> Jacobian {
        let p = &self.p;
        let Jacobian { x, y, z } = point;
        let y_square = y * y % p;
        let s = x * &y_square * 4u8 % p;
        let z_square = z * z % p;
        let m = (x * x * 3u8 + &self.a * (&z_square * &z_square % p)) % p;
        let x_sum = self.subtract(&m * &m % p, &(&s * 2u8 % p));
        let y_sum = self.subtract(m * self.subtract(s, &x_sum) % p, &(&y_square * &y_square * 8u8 % p));
        Jacobian {
            x: x_sum,
            y: y_sum,
            z: y * z * 2u8 % p,
        }
    }

    fn add(&self, left: &Jacobian, right: &Jacobian) -> Jacobian {
        if left.z.is_zero() {
            return right.clone();
        }
        if right.z.is_zero() {
            return left.clone();
        }
        let p = &self.p;
        let left_square = &left.z * &left.z % p;
        let right_square = &right.z * &right.z % p;
        let u_left = &left.x * &right_square % p;
        let u_right = &right.x * &left_square % p;
        let s_left = &left.y * (right_square * &right.z % p) % p;
        let s_right = &right.y * (left_square * &left.z % p) % p;
        let h = self.subtract(u_right, &u_left);
        let r = self.subtract(s_right, &s_left);
        if h.is_zero() {
            return if r.is_zero() {
                self.double(left)
            } else {
                Jacobian {
                    x: BigUint::one(),
                    y: BigUint::one(),
                    z: BigUint::zero(),
                }
            };
        }
        let h_square = &h * &h % p;
        let h_cube = &h_square * &h % p;
        let u = u_left * h_square % p;
        let x = self.subtract(&r * &r % p, &((&h_cube + &u * 2u8) % p));
        let y = self.subtract(r * self.subtract(u, &x) % p, &(s_left * h_cube % p));
        Jacobian {
            x,
            y,
            z: &left.z * &right.z % p * h % p,
        }
    }

    /// left − right for residues below p.
    fn subtract(&self, left: BigUint, right: &BigUint) -> BigUint {
        (left + &self.p - right) % &self.p
    }
}
